"""Models of batteries, one file each; every builder returns a `Battery`."""
