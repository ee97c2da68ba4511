/*
 * Long statements are parsed on threads of their own: the grammar recurses, so the stack is large; and the loop does not
 * wait. A fixed pool, because every thread that touches the parser uses a pthread key for ever.
 */
#include <stdlib.h>

#include "street.h"

enum { PARSERS = 2, PARSER_STACK = 64 << 20, PARSE_ARENA_BYTES = 256 << 20 };

struct parse_job {
	struct parse_job *next;
	struct conn *conn; /* loop thread only; NULL: gone */
	struct qw_arena arena; /* holds the text, too: the facts point into it */
	struct qw_bytes text;
	struct qw_statements statements;
	int err;
};

struct job_list {
	struct parse_job *first, **last;
};

struct parser {
	struct street *street;
	uv_thread_t threads[PARSERS];
	size_t thread_count;
	uv_mutex_t mutex; /* todo, done, is_closing */
	uv_cond_t cond;
	uv_async_t async;
	struct job_list todo, done;
	bool is_closing;
};

static void list_init(struct job_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_push(struct job_list *l, struct parse_job *j)
{
	j->next = NULL;
	*l->last = j;
	l->last = &j->next;
}

static struct parse_job *list_pop(struct job_list *l)
{
	struct parse_job *j = l->first;

	if (!j)
		return NULL;
	l->first = j->next;
	if (!l->first)
		l->last = &l->first;
	return j;
}

static void parse_job_free(struct parse_job *j)
{
	if (!j)
		return;
	qw_arena_fini(&j->arena);
	free(j);
}

/* ---- a parser thread ---- */

static struct parse_job *next_job(struct parser *p)
{
	struct parse_job *j = NULL;

	uv_mutex_lock(&p->mutex);
	while (!p->is_closing && !(j = list_pop(&p->todo)))
		uv_cond_wait(&p->cond, &p->mutex);
	uv_mutex_unlock(&p->mutex);
	return j;
}

static void parser_main(void *arg)
{
	struct parser *p = arg;
	struct parse_job *j;

	while ((j = next_job(p))) {
		j->err = sqlparse_postgres(j->text, &p->street->config->limits.sql, &j->arena, &j->statements);
		uv_mutex_lock(&p->mutex);
		list_push(&p->done, j);
		uv_mutex_unlock(&p->mutex);
		(void)uv_async_send(&p->async);
	}
}

/* ---- the loop's side ---- */

static void tell_parsed(struct conn *c, struct parse_job *j)
{
	struct session_event ev = {.kind = SESSION_EV_PARSED, .statements = &c->parsed_statements};

	qw_arena_fini(&c->parsed);
	c->parsed = j->arena;
	j->arena = (struct qw_arena){0};
	c->parsed_statements = j->statements;
	if (j->err)
		c->parsed_statements = (struct qw_statements){.problem = "the statement needs too much memory to be judged"};
	c->parsing = NULL;
	conn_event(c, &ev);
}

static void on_async(uv_async_t *async)
{
	struct parser *p = async->data;
	struct parse_job *j;

	for (;;) {
		uv_mutex_lock(&p->mutex);
		j = list_pop(&p->done);
		uv_mutex_unlock(&p->mutex);
		if (!j)
			return;
		if (j->conn)
			tell_parsed(j->conn, j);
		parse_job_free(j);
	}
}

static void parse_failed(struct conn *c)
{
	static const struct qw_statements refused = {.problem = "the gateway has no memory to judge the statement"};
	struct session_event ev = {.kind = SESSION_EV_PARSED, .statements = &refused};

	conn_event(c, &ev);
}

void parser_parse(struct conn *c, struct qw_bytes text)
{
	struct parser *p = c->street->parser;
	struct parse_job *j = c->parsing ? NULL : calloc(1, sizeof(*j));

	if (j) {
		qw_arena_init(&j->arena, PARSE_ARENA_BYTES);
		j->text = qw_bytes(qw_arena_strdup(&j->arena, text), text.n);
	}
	if (!j || !j->text.p) {
		parse_job_free(j);
		parse_failed(c);
		return;
	}
	j->conn = c;
	c->parsing = j;
	uv_mutex_lock(&p->mutex);
	list_push(&p->todo, j);
	uv_cond_signal(&p->cond);
	uv_mutex_unlock(&p->mutex);
}

void parser_forget(struct conn *c)
{
	if (c->parsing)
		c->parsing->conn = NULL;
	c->parsing = NULL;
	/* c->parsed stays: the session may still point into it until it is freed */
}

/* ---- opening and closing ---- */

int parser_open(struct street *s, struct parser **out)
{
	const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = PARSER_STACK};
	struct parser *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (!p)
		return QW_E_NOMEM;
	p->street = s;
	list_init(&p->todo);
	list_init(&p->done);
	if (uv_mutex_init(&p->mutex) || uv_cond_init(&p->cond) || uv_async_init(&s->loop, &p->async, on_async)) {
		free(p); /* only out of memory at start leads here; the process ends */
		return QW_E_NOMEM;
	}
	p->async.data = p;
	*out = p;
	for (; p->thread_count < PARSERS; p->thread_count++)
		if (uv_thread_create_ex(&p->threads[p->thread_count], &options, parser_main, p))
			return QW_E_NOMEM;
	return 0;
}

static void on_async_closed(uv_handle_t *h)
{
	struct parser *p = h->data;
	struct parse_job *j;

	while ((j = list_pop(&p->todo)))
		parse_job_free(j);
	while ((j = list_pop(&p->done)))
		parse_job_free(j);
	uv_cond_destroy(&p->cond);
	uv_mutex_destroy(&p->mutex);
	free(p);
}

void parser_close(struct parser *p)
{
	if (!p)
		return;
	uv_mutex_lock(&p->mutex);
	p->is_closing = true;
	uv_cond_broadcast(&p->cond);
	uv_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->thread_count; i++)
		(void)uv_thread_join(&p->threads[i]);
	uv_close((uv_handle_t *)&p->async, on_async_closed);
}
