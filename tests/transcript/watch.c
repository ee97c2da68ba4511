/* The invariants of watch.h. A breach is a bug of ours: it ends the test at once. */
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>

static void breach(const char *what, uint64_t id)
{
	(void)fprintf(stderr, "breach: %s (statement %d)\n", what, (int)id);
	abort();
}

static void must(bool holds, const char *what, uint64_t id)
{
	if (!holds)
		breach(what, id);
}

void watch_fini(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->list[i].sql);
	free(w->list);
	*w = (struct watch){0};
}

static struct watched *find(struct watch *w, uint64_t id)
{
	for (size_t i = w->count; i-- > 0;)
		if (w->list[i].id == id)
			return &w->list[i];
	return NULL;
}

static struct watched *add(struct watch *w)
{
	if (w->count == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 16;
		w->list = realloc(w->list, w->cap * sizeof(*w->list));
		QW_ASSERT(w->list);
	}
	w->list[w->count] = (struct watched){0};
	return &w->list[w->count++];
}

static uint64_t number(struct qw_bytes fields, enum qw_record_field f)
{
	struct qw_bytes v;

	return qw_record_find(fields, f, &v) ? qw_record_u64_value(v) : 0;
}

static bool says(struct qw_bytes fields, enum qw_record_field f, const char *text)
{
	struct qw_bytes v;

	return qw_record_find(fields, f, &v) && qw_bytes_equal(v, qw_bytes_from(text));
}

static void on_statement(struct watch *w, struct qw_bytes fields, enum session_wait wait)
{
	uint64_t id = number(fields, QW_FIELD_STATEMENT_ID);
	struct watched *st = find(w, id);
	struct qw_bytes sql = qw_bytes(NULL, 0);
	bool is_allowed = says(fields, QW_FIELD_DECISION, "allow") || says(fields, QW_FIELD_DECISION, "review");

	must(wait != SESSION_WAIT_NONE, "a statement's record that nobody waits for", id);
	must(is_allowed || says(fields, QW_FIELD_DECISION, "deny"), "a decision that is none", id);
	if (st) { /* let through, then refused when its columns were known */
		must(st->is_allowed && !is_allowed && !st->is_forwarded && !st->results, "a second decision", id);
		st->is_allowed = false;
		return;
	}
	must(id > 0, "a statement without a number", id);
	(void)qw_record_find(fields, QW_FIELD_SQL, &sql);
	st = add(w);
	st->id = id;
	st->wait_number = w->waits + 1;
	st->is_allowed = is_allowed;
	st->message = says(fields, QW_FIELD_PROTOCOL, "simple") ? 'Q' : says(fields, QW_FIELD_PROTOCOL, "fastpath") ? 'F' : 'E';
	st->sql = malloc(sql.n + 1);
	QW_ASSERT(st->sql);
	if (sql.n)
		memcpy(st->sql, sql.p, sql.n);
	st->sql_bytes = sql.n;
}

static void on_result(struct watch *w, struct qw_bytes fields)
{
	uint64_t id = number(fields, QW_FIELD_STATEMENT_ID);
	struct watched *st = find(w, id);
	bool ran = says(fields, QW_FIELD_OUTCOME, "done") || says(fields, QW_FIELD_OUTCOME, "suspended");

	must(st != NULL, "a result of no statement", id);
	must(st->is_allowed, "a result of what was refused", id);
	must(++st->results == 1, "a second result", id);
	must(st->is_forwarded || !ran, "a result of what never ran", id);
}

void watch_record(struct watch *w, struct qw_bytes record, enum session_wait wait)
{
	struct qw_record_header h;
	struct qw_bytes fields;

	QW_ASSERT(!qw_record_open(record, &h, &fields));
	must(h.session_seq == w->next_seq++, "a gap in the numbers of records", h.session_seq);
	if (h.type == QW_RECORD_SESSION_OPEN)
		w->is_open = true;
	if (h.type == QW_RECORD_STATEMENT)
		on_statement(w, fields, wait);
	else if (h.type == QW_RECORD_RESULT)
		on_result(w, fields);
	if (wait != SESSION_WAIT_NONE)
		w->waits++;
}

void watch_audited(struct watch *w)
{
	if (w->audited < w->waits)
		w->audited++;
}

/* The text that makes the server fail where we refused: of our own, no statement. */
static bool is_poison(struct qw_bytes body)
{
	return body.n > 8 && memcmp(body.p, "qw_deny_", 8) == 0;
}

/* Around a statement that may have to be undone. */
static bool is_our_transaction(struct qw_bytes body)
{
	static const char *const texts[] = {"BEGIN /* querywarden */", "COMMIT /* querywarden */", "ROLLBACK /* querywarden */"};

	for (size_t i = 0; i < QW_COUNT(texts); i++)
		if (body.n == strlen(texts[i]) + 1 && memcmp(body.p, texts[i], body.n) == 0)
			return true;
	return false;
}

void watch_upstream(struct watch *w, uint8_t type, struct qw_bytes body)
{
	if (type != 'Q' && type != 'E' && type != 'F')
		return;
	must(w->is_open, "a statement before the session's opening is recorded", 0);
	if (type == 'Q' && (is_poison(body) || is_our_transaction(body)))
		return;
	for (size_t i = 0; i < w->count; i++) {
		struct watched *st = &w->list[i];

		if (st->message != type || st->is_forwarded || !st->is_allowed || st->results)
			continue;
		if (type == 'Q' && (body.n != st->sql_bytes + 1 || memcmp(body.p, st->sql, st->sql_bytes) != 0))
			continue;
		must(st->wait_number <= w->audited, "sent upstream before its record was written", st->id);
		st->is_forwarded = true;
		return;
	}
	breach("sent upstream without a record that lets it through", 0);
}

/* Calls on_type for every message that begins in `bytes`. */
static void frames(struct watch *w, struct watch_frames *f, struct qw_bytes bytes, void (*on_type)(struct watch *, uint8_t))
{
	while (bytes.n && !f->is_lost) {
		size_t n = bytes.n < f->body_left ? bytes.n : f->body_left;
		struct pgwire_frame frame;

		f->body_left -= n;
		bytes = qw_bytes(bytes.p + n, bytes.n - n);
		if (bytes.n == 0)
			return;
		f->header[f->header_bytes++] = bytes.p[0];
		bytes = qw_bytes(bytes.p + 1, bytes.n - 1);
		if (f->header_bytes < sizeof(f->header))
			continue;
		f->header_bytes = 0;
		f->is_lost = pgwire_frame_peek(qw_bytes(f->header, sizeof(f->header)), &frame) != 0;
		if (f->is_lost)
			return;
		f->body_left = frame.body_bytes;
		on_type(w, frame.type);
	}
}

static void on_asked(struct watch *w, uint8_t type)
{
	if (type == 'Q' || type == 'S' || type == 'F')
		w->asked++;
}

static void on_told(struct watch *w, uint8_t type)
{
	w->ready += type == 'Z';
	must(w->ready <= w->asked + 1, "a ReadyForQuery that nobody asked for", w->ready);
}

void watch_from_client(struct watch *w, struct qw_bytes bytes)
{
	if (w->ready) /* after the login, messages have types */
		frames(w, &w->from_client, bytes, on_asked);
	else
		w->asked = 0;
}

static void look_for_canary(struct watch *w, struct qw_bytes bytes)
{
	const size_t n = sizeof(WATCH_CANARY) - 1;

	for (size_t i = 0; i < bytes.n; i++) {
		if (w->carry_bytes == n) {
			memmove(w->carry, w->carry + 1, n - 1);
			w->carry_bytes--;
		}
		w->carry[w->carry_bytes++] = bytes.p[i];
		must(w->carry_bytes < n || memcmp(w->carry, WATCH_CANARY, n) != 0, "a sensitive value reached the client", 0);
	}
}

void watch_to_client(struct watch *w, struct qw_bytes bytes)
{
	must(!w->is_closed, "bytes for the client after the end", 0);
	if (w->hides_canaries)
		look_for_canary(w, bytes);
	if (w->is_open)
		frames(w, &w->to_client, bytes, on_told);
}

void watch_quiet(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		must(!w->list[i].is_allowed || w->list[i].results == 1, "no result of a statement", w->list[i].id);
}
