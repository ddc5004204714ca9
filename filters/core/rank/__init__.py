"""Order statistics: medians, percentiles, erosion, dilation and pooling."""
