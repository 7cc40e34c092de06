"""The pure steps from bytes to bytes, one entry function a file; a stage never calls another."""
