"""The program's version, which is stored in its outputs."""

VERSION = "0.2.0"
