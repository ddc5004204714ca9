"""The program's version, which its outputs carry."""

VERSION = "0.2.0"
