"""Object stores: the names of objects, and the five verbs that read and write them."""
