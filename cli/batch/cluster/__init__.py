"""Filter a batch on the machines of a cluster: Dask gives lists of pictures to workers, which send reports back."""
