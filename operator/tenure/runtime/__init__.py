"""What runs inside training and serving pods; shares only `tenure.contract` with the operator."""
