"""One step executed through papermill, in a process that leaves nobody behind."""
