// The process that holds a pod's network open while its containers come and go.
module tenure.dev/tests/cluster/pause

go 1.25.0
