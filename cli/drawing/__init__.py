"""Drawing: text, data as colours, and pictures in labelled cells."""
