/* Shared inside protocols/mysql/reply only. */
#ifndef MYREPLY_INTERNAL_H
#define MYREPLY_INTERNAL_H

#include "qw/myreply.h"

/* The first byte of an answer's packet, where it is not a count, a definition or a row. */
enum {
	MYREPLY_IS_OK = 0x00,
	MYREPLY_IS_INFILE = 0xFB,
	MYREPLY_IS_EOF = 0xFE,
	MYREPLY_IS_ERROR = 0xFF
};
/* A packet that begins like EOF and is longer than this holds a cell of 16 MB and more. */
enum { MYREPLY_EOF_MAX = 8 };

/* MariaDB's progress report: an ERR with a code that no error has. */
bool myreply_is_progress(struct qw_bytes payload);
int myreply_progress_check(struct qw_bytes payload) QW_MUST_CHECK;

#endif
