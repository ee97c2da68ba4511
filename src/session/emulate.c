/*
 * RESET ALL and DISCARD ALL (verbs set.reset_all, discard) as the gateway does them. The server runs them, with its own tags, errors
 * and ParameterStatus: its way back leads to what the session began with, and what the gateway pins is part of that beginning. That
 * is not taken for granted (a pooler stands in between; DISCARD ALL of older servers forgets the role that the login began with): in the
 * same step, before anything else of the client can run, what is pinned is set again, by statements of ours.
 *
 *   Query "a; RESET ALL; b"   that statement is replaced by itself and ours
 *   Query "DISCARD ALL"       stands alone or fails (25001): a Query of ours right behind it
 *   Execute of either         a statement of ours right behind it in the pipeline
 *
 * What the client sends next waits until that is done. Nobody but us hears the answers to ours. What taints the session and what
 * limits count stays.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

#define PINS "SET client_encoding TO 'UTF8';SET standard_conforming_strings TO on"
#define OURS " /* querywarden */"

static const char reset_text[] = "RESET ALL;" PINS OURS, pins_text[] = PINS ";RESET ROLE" OURS;
enum { RESET_PINS = 2 }; /* statements behind RESET ALL */

#define SET_PINS \
	"pg_catalog.set_config('client_encoding', 'UTF8', false), pg_catalog.set_config('standard_conforming_strings', 'on', false)"

/* In the extended protocol as one statement. No value: as the session began. */
static const char set_pins[] = "select " SET_PINS OURS,
		  set_pins_and_role[] = "select " SET_PINS ", pg_catalog.set_config('role', null, false)" OURS;

static bool has_verb(const struct qw_statement *st, enum qw_verb verb)
{
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb == verb)
			return true;
	return false;
}

/* Itself: not what gives a function, role, database or the server its settings back. */
bool emulate_is(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb != QW_VERB_RESET_ALL && st->acts[i].verb != QW_VERB_DISCARD)
			return false;
	return has_verb(st, QW_VERB_RESET_ALL);
}

/* DISCARD ALL is RESET ALL and more. */
static bool is_discard_all(const struct qw_statement *st)
{
	return emulate_is(st) && has_verb(st, QW_VERB_DISCARD);
}

/* ---- to the server: a Query ---- */

static bool is_replaced(const struct qw_statement *st)
{
	return emulate_is(st) && !is_discard_all(st);
}

static bool any_replaced(const struct qw_statements *facts)
{
	for (size_t i = 0; i < facts->count; i++)
		if (is_replaced(&facts->list[i]))
			return true;
	return false;
}

/* Only places that the parser found, and what stands there as it read it. */
static bool is_at_its_place(const struct qw_statement *st, struct qw_bytes body, size_t from)
{
	return st->text_at >= from && st->text_at <= body.n && st->text.n <= body.n - st->text_at &&
		memcmp(body.p + st->text_at, st->text.p, st->text.n) == 0;
}

bool emulate_body(struct session *s, struct qw_bytes *message)
{
	const struct qw_statements *facts = &s->run.judged->facts;
	const struct qw_bytes body = *message;
	struct qw_buf *out = &s->emulated;
	size_t from = 0;
	int err = 0;

	if (!s->run.is_query || !any_replaced(facts))
		return true;
	qw_buf_clear(out);
	for (size_t i = 0; !err && i < facts->count; i++) {
		const struct qw_statement *st = &facts->list[i];

		if (!is_replaced(st))
			continue;
		err = is_at_its_place(st, body, from) ? qw_buf_append(out, body.p + from, st->text_at - from) : QW_E_MALFORMED;
		if (!err)
			err = qw_buf_append(out, reset_text, sizeof(reset_text) - 1);
		from = st->text_at + st->text.n;
	}
	if (!err)
		err = qw_buf_append(out, body.p + from, body.n - from);
	session_put(s, SESSION_UPSTREAM, err);
	*message = qw_buf_pending(out);
	return !err; /* never a part of a text */
}

/* ---- right behind it ---- */

static struct pending *push(struct session *s, enum pending_kind kind)
{
	struct pending *p = s->state == STATE_READY ? pending_push(s, kind) : NULL;

	if (!p)
		return NULL;
	p->is_ours = true;
	p->pins = unit_ref(s->run.unit);
	s->pins_last = s->pushed;
	return p;
}

/* Its name is one that no client can guess, and none of our questions has (tree/resolve.c). */
static void put_pins(struct session *s, const char *sql, const char *name)
{
	struct builder b;

	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'P');
	bld_cstr(&b, name);
	bld_cstr(&b, sql);
	bld_be16(&b, 0);
	bld_end(&b);
	bld_begin(&b, 'B');
	bld_cstr(&b, name);
	bld_cstr(&b, name);
	for (int i = 0; i < 3; i++)
		bld_be16(&b, 0); /* formats, parameters, formats of the result */
	bld_end(&b);
	bld_begin(&b, 'E');
	bld_cstr(&b, name);
	bld_be32(&b, 0);
	bld_end(&b);
	for (const char *kind = "PS"; *kind; kind++) {
		bld_begin(&b, 'C');
		bld_u8(&b, (uint8_t)*kind);
		bld_cstr(&b, name);
		bld_end(&b);
	}
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
}

static void send_pins(struct session *s, const char *sql)
{
	static const enum pending_kind kinds[] = {PENDING_PARSE, PENDING_BIND, PENDING_EXECUTE, PENDING_CLOSE, PENDING_CLOSE};
	static const char close_kinds[] = {0, 0, 0, 'P', 'S'};
	char name[sizeof(s->poison)];

	(void)snprintf(name, sizeof(name), "qw_pins_%s", s->poison + 8);
	put_pins(s, sql, name);
	for (size_t i = 0; i < QW_COUNT(kinds); i++) {
		struct pending *p = push(s, kinds[i]);

		if (!p)
			return;
		p->close_kind = (uint8_t)close_kinds[i];
		if (p->kind == PENDING_CLOSE && !(p->name = strdup(name)))
			session_out_of_memory(s);
	}
}

/* ---- what the session is then ---- */

/* None of these is a setting that RESET ALL sets back: role, relations of pg_temp, what nobody could read. */
static bool is_beyond_reset(const struct judged *j)
{
	if (j->is_ddl || j->is_unparsed || !j->facts.count || (j->by_name && j->changes_settings))
		return true; /* FunctionCall has no statements */
	for (size_t i = 0; i < j->facts.count; i++)
		if (has_verb(&j->facts.list[i], QW_VERB_SET_ROLE) || has_verb(&j->facts.list[i], QW_VERB_DO))
			return true;
	return false;
}

static const struct qw_statement *last_of(const struct judged *j)
{
	return j->facts.count ? &j->facts.list[j->facts.count - 1] : NULL;
}

/* Nothing before it sets anything. A cursor WITH HOLD runs when it is committed: behind what stands behind it. */
static bool is_all_that_sets(const struct judged *j)
{
	static const enum qw_verb sets[] = {QW_VERB_SET, QW_VERB_SET_PINNED, QW_VERB_RESET_ALL, QW_VERB_DISCARD};

	for (size_t i = 0; i + 1 < j->facts.count; i++)
		for (size_t k = 0; k < QW_COUNT(sets); k++)
			if (has_verb(&j->facts.list[i], sets[k]))
				return false;
	return !j->by_name;
}

/*
 * When nothing else of its transaction sets anything, and nothing sent behind it does until its ReadyForQuery, the settings are those
 * of the login then, however they came to be others.
 */
void emulate_note(struct session *s, const struct judged *j)
{
	const struct qw_statement *last = last_of(j);
	bool is_beyond = is_beyond_reset(j), is_whole = last && is_discard_all(last);

	s->beyond_reset |= is_beyond;
	if (is_beyond || j->changes_settings)
		s->way_back.is_on = false;
	if (!last || !emulate_is(last) || is_beyond || s->tx_settings || !is_all_that_sets(j))
		return;
	s->way_back.is_on = is_whole || !s->beyond_reset;
	s->way_back.is_whole = is_whole;
}

void emulate_behind(struct session *s)
{
	const struct run *r = &s->run;
	const struct qw_statement *last = r->is_parse ? NULL : last_of(r->judged);

	if (!last || !emulate_is(last) || s->state != STATE_READY)
		return;
	if (!r->is_query)
		send_pins(s, is_discard_all(last) ? set_pins_and_role : set_pins);
	else if (is_discard_all(last) && r->judged->facts.count == 1 && push(s, PENDING_QUERY))
		session_put(s, SESSION_UPSTREAM, pgwire_put_query(&s->out[SESSION_UPSTREAM], pins_text));
	s->way_back.at = s->pushed;
	memcpy(s->way_back.digest, s->settings_digest, sizeof(s->way_back.digest));
}

/* Whatever is sent behind them may be read otherwise, should they fail. */
bool emulate_must_wait(struct session *s, uint8_t type)
{
	if (type == 'X' || s->pins_last <= s->pushed - s->pending_count)
		return false;
	pending_flush(s);
	return true;
}

/* ---- from the server ---- */

static bool answers(const struct pending *p, uint8_t type)
{
	switch (p->kind) {
	case PENDING_PARSE:
		return type == '1';
	case PENDING_BIND:
		return type == '2';
	case PENDING_EXECUTE:
		return type == 'C';
	case PENDING_CLOSE:
		return type == '3';
	case PENDING_DESCRIBE_STATEMENT:
	case PENDING_DESCRIBE_PORTAL:
	case PENDING_SYNC:
	case PENDING_QUERY:
	case PENDING_FASTPATH:
		return false;
	}
	return false;
}

static bool is_fatal(struct qw_bytes body)
{
	struct pgwire_error e;

	return !pgwire_error_decode(body, &e) && e.severity && (strcmp(e.severity, "FATAL") == 0 || strcmp(e.severity, "PANIC") == 0);
}

/* Behind what failed ours fail as well (the transaction is aborted). Else nothing after this could be judged. */
static bool on_error(struct session *s, const struct pending *p, struct qw_bytes body)
{
	if (is_fatal(body))
		return false;
	if (p->pins->failed)
		return true;
	ledger_error(s, p->pins->id, body);
	if (s->state == STATE_READY)
		session_fatal(s, "55000", "the settings that the gateway pins could not be set again: the session is closed",
			"Open a new one.");
	return true;
}

bool emulate_on_message(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (p && p->kind == PENDING_QUERY && p->pins_left && type == 'C') {
		p->pins_left--;
		return true;
	}
	if (!p || !p->pins || type == 'Z' || type == 'S' || type == 'A')
		return false;
	if (type == 'E')
		return on_error(s, p, body);
	if (answers(p, type))
		pending_pop(s);
	else if (!strchr("CDN", type))
		return false; /* nothing that belongs here: it ends the session */
	return true;
}

/* Server 13 tells of every SET, also of one that changes nothing. It is ours, or sets back ours. */
bool emulate_hides(const struct pending *p, const struct pgwire_parameter *setting)
{
	const struct judged *j = p && p->unit ? p->unit->judged : NULL;

	if (strcmp(setting->name, "client_encoding") != 0 && strcmp(setting->name, "standard_conforming_strings") != 0)
		return false;
	for (size_t i = 0; j && i < j->facts.count; i++)
		if (emulate_is(&j->facts.list[i]))
			return true;
	return p && p->pins;
}

void emulate_completed(struct session *s, struct pending *p, const struct qw_statement *st, const char *tag)
{
	if (p->kind == PENDING_QUERY && is_replaced(st))
		p->pins_left = RESET_PINS;
	if (strcmp(tag, "DISCARD ALL") != 0)
		return;
	prepared_drop(s, NULL);
	portal_drop(s, NULL);
	resolution_forget(s);
}

void emulate_ready(struct session *s, uint8_t status)
{
	if (!s->way_back.is_on || s->way_back.at > s->pushed - s->pending_count + 1)
		return; /* what is answered was sent before it */
	s->way_back.is_on = false;
	if (status != 'I' || memcmp(s->settings_digest, s->way_back.digest, sizeof(s->settings_digest)) != 0)
		return;
	memcpy(s->settings_digest, s->login_digest, sizeof(s->settings_digest));
	if (s->way_back.is_whole)
		s->beyond_reset = false;
}
