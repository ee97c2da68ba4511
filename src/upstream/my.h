/* Inside the upstream room: what is MySQL's. The client library blocks, so each use of it is between begin and end. */
#ifndef QW_UPSTREAM_MY_H
#define QW_UPSTREAM_MY_H

#include <mysql.h>

#include "internal.h"

/* ---- waiting.c: the library's waits, with one deadline for all of them ---- */
enum upstream_mysql_trouble { UPSTREAM_MYSQL_FINE, UPSTREAM_MYSQL_LATE, UPSTREAM_MYSQL_INJECTED };
int upstream_mysql_watch(void) QW_MUST_CHECK; /* once for the process */
/* What this thread does with the library until end() is over by then. wants_tls: nothing but a greeting may come in clear. */
void upstream_mysql_begin(int64_t deadline_ms, bool wants_tls);
enum upstream_mysql_trouble upstream_mysql_end(void);
int upstream_mysql_wait(my_socket fd, my_bool is_read, int timeout); /* for MARIADB_OPT_IO_WAIT */

/* ---- open.c ---- */
enum { UPSTREAM_MYSQL_VALUES = 16 };
struct upstream_mysql {
	MYSQL *m;
	bool is_mariadb; /* by what it says inside of TLS */
	uint32_t version;
	struct upstream_parameter values[UPSTREAM_MYSQL_VALUES]; /* values: malloc'd */
	size_t value_count;
};
/* Connected, authenticated, set up and checked, all before the target's timeout. */
int upstream_mysql_open(struct vault *v, const struct upstream_request *r, struct upstream_mysql **out, struct upstream_failure *f)
	QW_MUST_CHECK;
void upstream_mysql_close(struct upstream_mysql *u); /* at once, without a word; NULL is fine */
void *upstream_mysql_ssl(const struct upstream_mysql *u); /* SSL *, or NULL */
/* KILL QUERY from a connection of its own. IO, ...: says why in `why`. */
int upstream_mysql_kill(struct vault *v, const struct upstream_target *t, uint32_t id, char *why, size_t why_size) QW_MUST_CHECK;
/* Of a failed call on the connection: fills *f, returns IO. `secret`: blotted out; `trouble`: what end() said. */
int upstream_mysql_fail(MYSQL *m, const struct upstream_target *t, struct qw_bytes secret, enum upstream_mysql_trouble trouble,
	struct upstream_failure *f);

/* ---- opening.c ---- */
enum { UPSTREAM_MYSQL_MODE_MAX = 1024 };
/* Without what changes how text is read and what we do not know. LIMIT: longer than any list of modes is. */
int upstream_mysql_sql_mode(const char *given, char out[UPSTREAM_MYSQL_MODE_MAX]) QW_MUST_CHECK;
/* Sets what UPSTREAM_MYSQL_AGAIN says, then reads and checks all values. Between begin and end. MALFORMED: not as we set it;
 * IO: the server refused. */
int upstream_mysql_begin_session(struct upstream_mysql *u) QW_MUST_CHECK;
void upstream_mysql_forget(struct upstream_mysql *u); /* its values */

/* ---- catalog.c, pulse.c: of the door, for MySQL ---- */
int upstream_mysql_read_catalog(struct vault *v, const struct upstream_target *t, uint64_t generation, struct catalog **out,
	struct upstream_failure *f) QW_MUST_CHECK;
struct upstream_mysql_pulse;
int upstream_mysql_pulse_open(struct vault *v, const struct upstream_target *t, struct upstream_mysql_pulse **out,
	struct upstream_failure *f) QW_MUST_CHECK;
int upstream_mysql_pulse(struct upstream_mysql_pulse *p, uint64_t *beat, struct upstream_failure *f) QW_MUST_CHECK;
void upstream_mysql_pulse_free(struct upstream_mysql_pulse *p);

#endif
