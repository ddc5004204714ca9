"""Pictures of a batch on the machines of a cluster: Dask gives lists of them to workers, which send reports back."""
