/*
 * COM_STMT_*: statements by our own numbers. What was judged when it was prepared is judged again at each EXECUTE, with the labels
 * and the policy of then. The server always gets the types of parameters, and no cursor: all rows come at once, as it may decide
 * itself.
 */
#include "conversation.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	PREPARED_MAX = 16382, /* as max_prepared_stmt_count */
	BINDS_SHOWN = 4096,
	LONG_DATA_MAX = 64 << 20,
	DEFINITIONS_MAX = 16 << 20,
	TYPE_BYTES = 2
};

/* ---- life ---- */

static void long_drop(struct my_prepared *p)
{
	for (size_t i = 0; p->long_data && i < p->parameters; i++) {
		free((void *)(uintptr_t)p->long_data[i].p);
		p->long_data[i] = qw_bytes(NULL, 0);
	}
	p->long_bytes = 0;
	p->is_overflown = false;
}

static void prepared_free(struct my_prepared *p)
{
	if (!p)
		return;
	long_drop(p);
	judged_unref(p->judged);
	qw_buf_fini(&p->definitions);
	free(p->long_data);
	free(p->types);
	free(p);
}

void my_prepared_drop_all(struct session *s)
{
	struct my_conversation *my = s->my;

	while (my->prepared) {
		struct my_prepared *p = my->prepared;

		my->prepared = p->next;
		prepared_free(p);
	}
	prepared_free(my->preparing);
	my->preparing = NULL;
	my->executing = NULL;
	my->prepared_count = 0;
}

static struct my_prepared **prepared_at(struct session *s, uint32_t id)
{
	struct my_prepared **at = &s->my->prepared;

	if (id == MYWIRE_STATEMENT_LAST)
		id = s->my->prepared_last;
	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

/* ---- PREPARE ---- */

void my_prepare(struct session *s, struct qw_bytes sql)
{
	struct my_conversation *my = s->my;
	struct judged *j;

	my->work = MY_WORK_PREPARE;
	my->part_count = 1;
	j = my_judge(s, sql);
	if (!j)
		return;
	if (j->facts.count == 0 && !j->is_unparsed) {
		judged_unref(j);
		my_error(s, 1065, "42000", "Query was empty");
		my_done(s);
		return;
	}
	my_run_start(s, j);
	s->run.is_query = false;
	s->run.is_parse = true;
	if (my->prepared_count >= PREPARED_MAX)
		run_refuse(s, refusal_new("54000", "names", "too many prepared statements", NULL, "Close some."));
}

void my_prepare_forward(struct session *s)
{
	struct my_conversation *my = s->my;
	struct my_prepared *p = calloc(1, sizeof(*p));

	if (!p) {
		session_out_of_memory(s);
		return;
	}
	prepared_free(my->preparing);
	my->preparing = p;
	p->judged = judged_ref(s->run.judged);
	p->dialect = my->dialect;
	(void)snprintf(p->database, sizeof(p->database), "%s", my->database);
	qw_buf_init(&p->definitions, DEFINITIONS_MAX);
	my_send(s, MY_TURN_CLIENT, MYWIRE_STMT_PREPARE, p->judged->facts.list[0].text, MYWIRE_ANSWER_PREPARE);
}

/* The server's number is never the client's. */
bool my_prepared_answer(struct session *s, const struct myreply_item *item)
{
	struct my_conversation *my = s->my;
	struct my_prepared *p = my->preparing;
	uint8_t copy[16];
	uint32_t id = ++my->prepared_next;

	if (!p || item->payload.n < 12 || item->payload.n > sizeof(copy))
		return false;
	p->id = id;
	p->upstream_id = item->prepared.id;
	p->parameters = item->prepared.parameters;
	p->columns = item->prepared.columns;
	p->types = calloc(p->parameters + 1u, TYPE_BYTES);
	p->long_data = calloc(p->parameters + 1u, sizeof(*p->long_data));
	if (!p->types || !p->long_data) {
		session_out_of_memory(s);
		return true;
	}
	memcpy(copy, item->payload.p, item->payload.n);
	for (size_t i = 0; i < 4; i++)
		copy[1 + i] = (uint8_t)(id >> 8 * i);
	session_put(s, SESSION_CLIENT, mywire_put_packet(&s->out[SESSION_CLIENT], &my->seq_out, qw_bytes(copy, item->payload.n)));
	return true;
}

/* Each with its length: MariaDB leaves them away when they are the same again. */
bool my_prepared_keep(struct my_prepared *p, struct qw_bytes definition)
{
	uint64_t n = definition.n;

	return !qw_buf_append(&p->definitions, &n, sizeof(n)) && !qw_buf_append(&p->definitions, definition.p, definition.n);
}

void my_prepared_done(struct session *s, bool failed)
{
	struct my_conversation *my = s->my;
	struct my_prepared *p = my->preparing;

	my->preparing = NULL;
	if (!p || failed) {
		prepared_free(p);
		return;
	}
	p->next = my->prepared;
	my->prepared = p;
	my->prepared_last = p->id;
	my->prepared_count++;
}

/* What MariaDB left away is put in again. False: it does not fit. */
bool my_prepared_definitions(struct session *s, struct my_prepared *p, size_t count)
{
	struct qw_bytes all = qw_buf_pending(&p->definitions);
	struct cursor c = cur_from(all);

	for (size_t i = 0; i < count; i++) {
		struct myreply_item item = {.kind = MYREPLY_COLUMN};
		struct qw_bytes length = cur_bytes(&c, sizeof(uint64_t));
		uint64_t n = 0;

		if (length.n == sizeof(n))
			memcpy(&n, length.p, sizeof(n));
		item.payload = cur_bytes(&c, (size_t)n);
		if (c.failed || myreply_column_decode(item.payload, s->my->upstream, false, &item.column))
			return false;
		my_rows_column(s, &item.column);
		if (s->state != STATE_READY || myreply_put(&s->my->result.held, &s->my->seq_out, s->my->client, &item))
			return false;
	}
	return cur_left(&c) == 0;
}

/* ---- EXECUTE ---- */

static void unknown(struct session *s)
{
	my_error(s, 1243, "HY000", "Unknown prepared statement handler");
	my_done(s);
}

static int put_le(struct qw_buf *out, uint64_t v, size_t bytes)
{
	struct builder b;

	bld_init(&b, out);
	mywire_put_le(&b, v, bytes);
	return bld_error(&b);
}

/* Everything behind the number: no cursor, one iteration, NULLs, types, values. And all of it as a person reads it. */
static int compose(struct my_conversation *my, struct my_prepared *p, const struct mywire_execute *e)
{
	int err;

	qw_buf_clear(&my->binds);
	qw_buf_clear(&my->recorded);
	qw_buf_clear(&my->binds_text);
	err = put_le(&my->binds, 0, 1);
	if (!err)
		err = put_le(&my->binds, 1, 4);
	if (!err && p->parameters)
		err = qw_buf_append(&my->binds, e->nulls.p, e->nulls.n);
	if (!err && p->parameters)
		err = put_le(&my->binds, 1, 1);
	if (!err && p->parameters)
		err = qw_buf_append(&my->binds, p->types, TYPE_BYTES * (size_t)p->parameters);
	if (!err)
		err = qw_buf_append(&my->binds, e->values.p, e->values.n);
	if (!err && p->parameters)
		err = mywire_execute_text(e, &my->binds_text, BINDS_SHOWN);
	if (!err)
		err = put_le(&my->recorded, p->parameters, 2);
	return err ? err : qw_buf_append(&my->recorded, my->binds.p + my->binds.off, qw_buf_pending(&my->binds).n);
}

static bool start_execute(struct session *s, struct my_prepared *p, struct qw_bytes payload)
{
	struct my_conversation *my = s->my;
	const struct mywire_statement statement = {.parameter_count = p->parameters,
		.types = qw_bytes(p->types, p->has_types ? TYPE_BYTES * (size_t)p->parameters : 0), .long_data = p->long_data};
	struct mywire_execute e;
	int err = p->is_overflown ? QW_E_LIMIT : mywire_execute_decode(payload, &statement, &e);

	if (err) {
		session_fatal(s, "08P01", "a COM_STMT_EXECUTE that cannot be read", NULL);
		return false;
	}
	if (e.has_types && p->parameters) {
		memcpy(p->types, e.types.p, TYPE_BYTES * (size_t)p->parameters);
		p->has_types = true;
	}
	if (compose(my, p, &e)) {
		session_out_of_memory(s);
		return false;
	}
	return true;
}

void my_statement_execute(struct session *s, uint32_t id, struct qw_bytes payload)
{
	struct my_conversation *my = s->my;
	struct my_prepared *p = *prepared_at(s, id);

	if (!p) {
		unknown(s);
		return;
	}
	if (!start_execute(s, p, payload))
		return;
	my->work = MY_WORK_EXECUTE;
	my->part_count = 1;
	my->executing = p;
	my_run_start(s, judged_ref(p->judged));
	if (!my_dialects_equal(&p->dialect, &my->dialect) || strcmp(p->database, my->database) != 0)
		run_refuse(s, refusal_new("55000", "names", "this statement was prepared in another database, or under another sql_mode",
				      NULL, "Prepare it again."));
}

static void send_long(struct session *s, const struct my_prepared *p, size_t i)
{
	struct qw_buf body;
	uint8_t seq = 0;
	int err;

	qw_buf_init(&body, LONG_DATA_MAX + 16u);
	err = put_le(&body, p->upstream_id, 4);
	if (!err)
		err = put_le(&body, i, 2);
	if (!err)
		err = qw_buf_append(&body, p->long_data[i].p, p->long_data[i].n);
	if (!err)
		err = mywire_put_command(&s->out[SESSION_UPSTREAM], &seq, MYWIRE_STMT_SEND_LONG_DATA, qw_buf_pending(&body));
	qw_buf_fini(&body);
	session_put(s, SESSION_UPSTREAM, err);
}

void my_execute_forward(struct session *s)
{
	struct my_conversation *my = s->my;
	struct my_prepared *p = my->executing;
	struct qw_bytes binds = qw_buf_pending(&my->binds);
	struct qw_buf body;
	int err;

	for (size_t i = 0; i < p->parameters; i++)
		if (p->long_data[i].p)
			send_long(s, p, i);
	qw_buf_init(&body, binds.n + 4);
	err = put_le(&body, p->upstream_id, 4);
	if (!err)
		err = qw_buf_append(&body, binds.p, binds.n);
	if (err)
		session_out_of_memory(s);
	else
		my_send(s, MY_TURN_CLIENT, MYWIRE_STMT_EXECUTE, qw_buf_pending(&body), MYWIRE_ANSWER_EXECUTE);
	qw_buf_fini(&body);
	myreply_begin(&my->reply, MYWIRE_ANSWER_EXECUTE, my->upstream, p->columns);
	long_drop(p);
}

/* ---- the others ---- */

void my_statement_long(struct session *s, const struct mywire_command *c)
{
	struct my_prepared *p = *prepared_at(s, c->id);
	struct qw_bytes *at;
	uint8_t *grown;

	if (!p || c->number >= p->parameters)
		return; /* there is no answer: EXECUTE tells */
	at = &p->long_data[c->number];
	grown = p->long_bytes + c->rest.n <= LONG_DATA_MAX ? realloc((void *)(uintptr_t)at->p, at->n + c->rest.n + 1) : NULL;
	if (!grown) {
		p->is_overflown = true;
		return;
	}
	if (c->rest.n)
		memcpy(grown + at->n, c->rest.p, c->rest.n);
	*at = qw_bytes(grown, at->n + c->rest.n);
	p->long_bytes += c->rest.n;
}

void my_statement_close(struct session *s, uint32_t id)
{
	struct my_prepared **at = prepared_at(s, id), *p = *at;
	uint8_t body[4], seq = 0;

	if (!p)
		return;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(p->upstream_id >> 8 * i);
	*at = p->next;
	s->my->prepared_count--;
	prepared_free(p);
	session_put(s, SESSION_UPSTREAM,
		mywire_put_command(&s->out[SESSION_UPSTREAM], &seq, MYWIRE_STMT_CLOSE, qw_bytes(body, sizeof(body))));
}

/* There is never a cursor: only what was sent of long data is to be forgotten. */
void my_statement_reset(struct session *s, uint32_t id)
{
	struct my_prepared *p = *prepared_at(s, id);
	struct myreply_ok ok = {.status = s->my->status};

	if (!p) {
		unknown(s);
		return;
	}
	long_drop(p);
	session_put(s, SESSION_CLIENT, myreply_put_ok(&s->out[SESSION_CLIENT], &s->my->seq_out, s->my->client, &ok));
	my_done(s);
}

/* ---- for a person, and for the record ---- */

static bool is_execute(const struct session *s)
{
	return s->my->work == MY_WORK_EXECUTE && s->my->executing;
}

static struct qw_bytes binds_of(const struct session *s)
{
	return is_execute(s) && s->my->executing->parameters ? qw_buf_pending(&s->my->binds) : qw_bytes(NULL, 0);
}

struct qw_bytes my_binds_recorded(const struct session *s)
{
	return is_execute(s) && s->my->executing->parameters ? qw_buf_pending(&s->my->recorded) : qw_bytes(NULL, 0);
}

struct qw_bytes my_binds_text(const struct session *s)
{
	return is_execute(s) ? qw_buf_pending(&s->my->binds_text) : qw_bytes(NULL, 0);
}

int my_binds_exact(const struct session *s, struct qw_buf *out)
{
	struct qw_bytes binds = binds_of(s);
	int err = qw_buf_append(out, binds.p, binds.n);

	for (size_t i = 0; !err && is_execute(s) && i < s->my->executing->parameters; i++) {
		struct qw_bytes value = s->my->executing->long_data[i];
		uint64_t n = value.p ? value.n : UINT64_MAX;

		err = qw_buf_append(out, &n, sizeof(n));
		if (!err)
			err = qw_buf_append(out, value.p, value.n);
	}
	return err;
}
