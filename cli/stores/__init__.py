"""Object stores: the names of what lies in them, and the five verbs by which it is read and written."""
