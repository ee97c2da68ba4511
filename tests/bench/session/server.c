#include "server.h"

#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"
#include "trees.h"
#include "words.h"

void server_init(struct server *v, const char *sql, const char *columns, const char *row)
{
	*v = (struct server){.tree = trees_find(qw_bytes_from(sql), qw_bytes(NULL, 0))};
	qw_buf_init(&v->reply, 1 << 22);
	(void)snprintf(v->columns, sizeof(v->columns), "T %s", columns);
	(void)snprintf(v->row, sizeof(v->row), "D %s | C \"SELECT 1\"", row);
}

void server_fini(struct server *v)
{
	qw_buf_fini(&v->reply);
}

static void say(struct server *v, const char *words)
{
	if (words_encode(words, true, &v->reply))
		abort();
}

/* A Parse is answered with the tree while it is to be printed; that of the statement which ends it, too. */
static void on_parse(struct server *v, struct qw_bytes body)
{
	struct pgwire_parse p;
	bool on = false, was_on = v->is_printing;

	if (pgwire_parse_decode(body, &p))
		abort();
	v->is_own = oracle_is_switch(p.sql, &on);
	if (v->is_own)
		v->is_printing = on;
	v->is_own |= oracle_is_forget(p.sql);
	if (was_on && v->is_own && words_put_tree(&v->reply, "({QUERY of the gateway's own})\n"))
		abort();
	if (was_on && !v->is_own) {
		if (!v->tree || v->tree->is_error || words_put_tree(&v->reply, v->tree->said))
			abort(); /* fixtures/postgres/trees.txt lacks it */
		v->trees++;
	}
	say(v, "1");
}

/* Under a name of the gateway's: what it asked last, its own statement or the one whose tree it wants. */
static bool is_own(const struct server *v, uint8_t type, struct qw_bytes body)
{
	struct cursor c = cur_from(body);

	if (type == 'D')
		(void)cur_u8(&c);
	return v->is_own && strncmp(cur_cstr(&c), "qw_", 3) == 0;
}

/* Plans were forgotten: what is bound is analysed again. */
static void on_bind(struct server *v, struct qw_bytes body)
{
	struct cursor c = cur_from(body);

	if (v->is_printing && strncmp(cur_cstr(&c), "qw_", 3) != 0 && words_put_tree(&v->reply, v->tree->said))
		abort();
	say(v, "2");
}

static void on_describe(struct server *v, struct qw_bytes body)
{
	if (body.n && body.p[0] == 'S')
		say(v, "t");
	say(v, is_own(v, 'D', body) ? "n" : v->columns);
}

static void on_message(struct server *v, uint8_t type, struct qw_bytes body)
{
	switch (type) {
	case 'Q':
		say(v, v->columns);
		say(v, v->row);
		say(v, "Z I");
		break;
	case 'P':
		on_parse(v, body);
		break;
	case 'B':
		on_bind(v, body);
		break;
	case 'D':
		on_describe(v, body);
		break;
	case 'E':
		say(v, is_own(v, type, body) ? "D \"notice\" \"log\" | C \"SELECT 1\"" : v->row);
		break;
	case 'C':
		say(v, "3");
		break;
	case 'S':
		say(v, "Z I");
		break;
	case 'H':
		break;
	default:
		(void)fprintf(stderr, "bench_session: the session said '%c' to the server\n", type);
		abort();
	}
}

void server_take(struct server *v, struct qw_bytes bytes)
{
	struct pgwire_frame f;

	while (bytes.n && !pgwire_frame_peek(bytes, &f) && bytes.n - PGWIRE_HEADER >= f.body_bytes) {
		size_t n = PGWIRE_HEADER + (size_t)f.body_bytes;

		on_message(v, f.type, qw_bytes(bytes.p + PGWIRE_HEADER, f.body_bytes));
		bytes = qw_bytes(bytes.p + n, bytes.n - n);
	}
	if (bytes.n)
		abort(); /* half a message */
}
