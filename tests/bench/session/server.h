/* As much of a PostgreSQL server as the bench of the session needs: it answers one statement, however it is asked. */
#ifndef BENCH_SESSION_SERVER_H
#define BENCH_SESSION_SERVER_H

#include "qw/pgwire.h"

struct tree;

struct server {
	const struct tree *tree; /* what it shows when a tree is asked for; NULL: never asked */
	char columns[200], row[200]; /* in words */
	struct qw_buf reply; /* not given to the session yet */
	unsigned long trees; /* asked for so far */
	bool is_printing, is_own; /* trees are to be shown; the last Parse was one of the gateway's own statements */
};

void server_init(struct server *v, const char *sql, const char *columns, const char *row);
void server_fini(struct server *v);
/* What the session has sent: whole messages. The answer is appended to `reply`. */
void server_take(struct server *v, struct qw_bytes bytes);

#endif
