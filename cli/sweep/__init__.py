"""Contact sheets: of the results of one picture for many values of a filter's options, or of many pictures."""
