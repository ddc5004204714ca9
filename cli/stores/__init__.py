"""Object stores: the names of objects, and the verbs that read and write them."""
