"""The joining step: labels from a file to the predictions that serving pods keep."""
