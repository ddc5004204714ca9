"""Drawing: words, data as colours, and pictures in labelled cells."""
