/* The invariants of watch.h. A breach is a bug of ours: it ends the test at once. */
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

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
	free(w->asked_for);
	qw_buf_fini(&w->from_server);
	*w = (struct watch){.shown = w->shown};
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

	must(wait != SESSION_WAIT_NONE || is_allowed, "a refusal's record that nobody waits for", id);
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
	st->wait_number = wait == SESSION_WAIT_NONE ? UINT64_MAX : w->waits + 1; /* nobody waits for what must never be sent */
	st->is_allowed = is_allowed;
	st->message = says(fields, QW_FIELD_PROTOCOL, "simple") ? 'Q' : says(fields, QW_FIELD_PROTOCOL, "fastpath") ? 'F' : 'E';
	st->sql = malloc(sql.n + 1);
	QW_ASSERT(st->sql);
	if (sql.n)
		memcpy(st->sql, sql.p, sql.n);
	st->sql[sql.n] = '\0';
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

/* ---- trees ---- */

void watch_question(struct watch *w, struct qw_bytes sql)
{
	free(w->asked_for);
	w->asked_for = strndup((const char *)sql.p, sql.n);
	QW_ASSERT(w->asked_for);
}

static void shown(struct watch *w)
{
	struct watch_shown *s = w->shown;

	if (!w->asked_for || !s)
		return;
	if (s->count == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->list = realloc(s->list, s->cap * sizeof(*s->list));
		QW_ASSERT(s->list);
	}
	s->list[s->count++] = w->asked_for;
	w->asked_for = NULL;
}

void watch_shown_clear(struct watch_shown *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->list[i]);
	free(s->list);
	*s = (struct watch_shown){0};
}

static void on_server(struct watch *w, uint8_t type, struct qw_bytes body)
{
	struct pgwire_error e;

	if (type == 'Z' && body.n == 1) {
		w->tx_status = body.p[0];
		w->unready -= w->unready > 0;
	}
	w->has_failed |= type == 'E';
	if (type == 'N' && !pgwire_error_decode(body, &e) && e.routine && strcmp(e.routine, "elog_node_display") == 0)
		shown(w);
}

void watch_from_server(struct watch *w, struct qw_bytes bytes)
{
	struct qw_bytes have;
	struct pgwire_frame f;
	int err;

	if (w->server_is_lost)
		return;
	if (!w->from_server.max)
		qw_buf_init(&w->from_server, 1 << 25);
	QW_ASSERT(!qw_buf_append(&w->from_server, bytes.p, bytes.n));
	for (;;) {
		have = qw_buf_pending(&w->from_server);
		err = pgwire_frame_peek(have, &f);
		w->server_is_lost = err && err != QW_E_INCOMPLETE;
		if (err || have.n - PGWIRE_HEADER < f.body_bytes)
			return;
		on_server(w, f.type, qw_bytes(have.p + PGWIRE_HEADER, f.body_bytes));
		qw_buf_consume(&w->from_server, PGWIRE_HEADER + f.body_bytes);
	}
}

static bool starts_with(const char *text, const char *words)
{
	for (const char *w = words; *w;) {
		size_t n = strcspn(w, " ");

		if (strncmp(text, w, n) == 0)
			return true;
		w += n + strspn(w + n, " ");
	}
	return false;
}

/* Does a shown text that stands in `piece` cover the place `at`? Of a COPY another text shows what it does. */
static bool is_shown(const struct watch *w, const char *piece, const char *at, const char *word)
{
	for (size_t i = 0; i < w->shown->count; i++) {
		const char *text = w->shown->list[i], *from = piece;

		if (starts_with(piece, "copy") && strstr(text, word))
			return true;
		while ((from = strstr(from, text)) && from <= at) {
			if (at < from + strlen(text))
				return true;
			from++;
		}
	}
	return false;
}

/* One statement of a text: wherever it names what is sensitive, a tree of that text was shown. A person decides on DDL. */
static void check_piece(const struct watch *w, const char *piece, uint64_t id)
{
	static const char *const words[] = {"customers", "ssn", "email", "tax_id", "shout"};

	piece += strspn(piece, " \n");
	if (starts_with(piece, "create alter comment drop truncate deallocate"))
		return;
	for (size_t i = 0; i < QW_COUNT(words); i++)
		for (const char *at = piece; (at = strstr(at, words[i])); at++)
			must(is_shown(w, piece, at, words[i]), "what may be sensitive runs, and no tree of it was shown", id);
}

static void check_trees(const struct watch *w, const struct watched *st)
{
	char *text = strndup(st->sql, st->sql_bytes), *rest = text;

	QW_ASSERT(text);
	for (char *piece = strsep(&rest, ";"); piece; piece = strsep(&rest, ";"))
		check_piece(w, piece, st->id);
	free(text);
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

/* ---- RESET ALL, DISCARD ALL: what is pinned is set again, and nothing of the client stands between ---- */

#define PINS "SET client_encoding TO 'UTF8';SET standard_conforming_strings TO on"
static const char reset_text[] = "RESET ALL;" PINS " /* querywarden */", pins_text[] = PINS ";RESET ROLE /* querywarden */";

static bool is_pins_query(struct qw_bytes body)
{
	return body.n == sizeof(pins_text) && memcmp(body.p, pins_text, body.n) == 0;
}

/* Parse, Bind, Execute of a name that only the gateway knows. */
static bool is_pins_message(uint8_t type, struct qw_bytes body)
{
	return type && strchr("PBE", type) && body.n > 8 && memcmp(body.p, "qw_pins_", 8) == 0;
}

/* It begins with these two words; between them may stand a comment. */
static bool is_words(const char *sql, size_t n, const char *first, const char *second)
{
	char *text = strndup(sql, n);
	const char *at, *next;
	bool is;

	QW_ASSERT(text);
	at = text + strspn(text, " \n\t");
	next = strstr(at, "*/") ? strstr(at, "*/") + 2 : at + strlen(first);
	is = strncasecmp(at, first, strlen(first)) == 0 && strncasecmp(next + strspn(next, " \n\t"), second, strlen(second)) == 0;
	free(text);
	return is;
}

/* This and nothing else: what stands in a text that nobody can read goes as it is, and DISCARD ALL fails beside others. */
static bool is_alone(const struct watched *st, const char *first)
{
	const char *end = memchr(st->sql, ';', st->sql_bytes);

	return !end && is_words(st->sql, st->sql_bytes, first, "all");
}

/* Up to the semicolon that ends it, which does not stand in its comment. */
static size_t piece_of(const char *text)
{
	size_t n = strcspn(text, ";");
	const char *comment = strstr(text, "/*"), *end = comment ? strstr(comment, "*/") : NULL;

	return end && (size_t)(comment - text) < n ? (size_t)(end - text) + strcspn(end, ";") : n;
}

/* The Query, or what was made of it: everything is as the client said, but for each RESET ALL up to its semicolon. */
static bool is_text_of(const struct watched *st, struct qw_bytes body)
{
	const size_t n = sizeof(reset_text) - 1;
	const uint8_t *at, *text = (const uint8_t *)st->sql, *end = text + st->sql_bytes;
	const uint8_t *sent = body.p, *last = body.p + body.n - 1;

	if (is_alone(st, "reset") && !memmem(body.p, body.n, reset_text, n))
		return false;
	while ((at = memmem(sent, (size_t)(last - sent), reset_text, n))) {
		size_t before = (size_t)(at - sent), same = (size_t)(end - text) < before ? 0 : before, piece;

		if (same != before || memcmp(sent, text, before) != 0)
			return false;
		text += before;
		piece = piece_of((const char *)text);
		piece = piece < (size_t)(end - text) ? piece : (size_t)(end - text);
		if (!is_words((const char *)text, piece, "reset", "all"))
			return false;
		while (piece && text[piece - 1] == ' ')
			piece--;
		text += piece;
		sent = at + n;
	}
	return last - sent == end - text && memcmp(sent, text, (size_t)(end - text)) == 0;
}

static void check_upstream(struct watch *w, uint8_t type, struct qw_bytes body);

void watch_upstream(struct watch *w, uint8_t type, struct qw_bytes body)
{
	must(!w->owes_pins || is_pins_message(type, body) || (type == 'Q' && is_pins_query(body)),
		"something else stands behind RESET ALL or DISCARD ALL", 0);
	w->owes_pins = false;
	check_upstream(w, type, body);
	w->unready += type == 'Q' || type == 'S' || type == 'F';
}

static void forwarded(struct watch *w, struct watched *st)
{
	must(st->wait_number <= w->audited, "sent upstream before its record was written", st->id);
	if (w->needs_trees && (w->tx_status != 'E' || w->unready))
		check_trees(w, st);
	st->is_forwarded = true;
}

static bool is_next(const struct watched *st, uint8_t type)
{
	return st->message == type && !st->is_forwarded && st->is_allowed && !st->results;
}

/* Of the client's text only what stands around the one statement is left out. */
void watch_carried(struct watch *w, struct qw_bytes sql)
{
	for (size_t i = 0; i < w->count; i++) {
		struct watched *st = &w->list[i];

		if (!is_next(st, 'Q') || !memmem(st->sql, st->sql_bytes, sql.p, sql.n))
			continue;
		forwarded(w, st);
		w->unready++;
		return;
	}
	breach("carried without a record that lets it through", 0);
}

static void check_upstream(struct watch *w, uint8_t type, struct qw_bytes body)
{
	if (type != 'Q' && type != 'E' && type != 'F')
		return;
	must(w->is_open, "a statement before the session's opening is recorded", 0);
	if (type == 'Q' && (is_poison(body) || is_our_transaction(body) || is_pins_query(body)))
		return;
	if (is_pins_message(type, body))
		return;
	for (size_t i = 0; i < w->count; i++) {
		struct watched *st = &w->list[i];

		if (!is_next(st, type))
			continue;
		if (type == 'Q' && !is_text_of(st, body))
			continue;
		forwarded(w, st);
		w->owes_pins = is_alone(st, "discard") || (type == 'E' && is_alone(st, "reset"));
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
	if (!strchr("dcf", type)) /* which may come behind any */
		w->last_type = type;
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

/* The word may come in pieces. */
static void look_for(struct watch_word *f, struct qw_bytes bytes, const char *word, const char *breach)
{
	const size_t n = strlen(word);

	for (size_t i = 0; i < bytes.n; i++) {
		if (f->n == n) {
			memmove(f->carry, f->carry + 1, n - 1);
			f->n--;
		}
		f->carry[f->n++] = bytes.p[i];
		must(f->n < n || memcmp(f->carry, word, n) != 0, breach, 0);
	}
}

void watch_to_client(struct watch *w, struct qw_bytes bytes)
{
	must(!w->is_closed, "bytes for the client after the end", 0);
	if (w->hides_canaries)
		look_for(&w->canary, bytes, WATCH_CANARY, "a sensitive value reached the client");
	if (w->hides_trees)
		look_for(&w->tree, bytes, WATCH_TREE, "a tree of the server reached the client");
	if (w->is_open)
		frames(w, &w->to_client, bytes, on_told);
}

void watch_quiet(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		must(!w->list[i].is_allowed || w->list[i].results == 1, "no result of a statement", w->list[i].id);
}
