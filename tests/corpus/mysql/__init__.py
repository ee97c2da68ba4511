"""The part of tests/corpus/run for MySQL and MariaDB: the same file names as beside it, where the idea is the same."""
