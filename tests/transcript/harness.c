/* Executes a session's actions in memory. What the street would do with sockets, this does with lines of text. */
#include "harness.h"
#include "sample.h"
#include "trees.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int harness_inside;

void lines_add(struct lines *l, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	QW_ASSERT(vasprintf(&text, fmt, args) >= 0);
	va_end(args);
	QW_ASSERT(l->head + l->count < LINES_MAX);
	l->line[l->head + l->count++] = text;
}

void lines_clear(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->line[l->head + i]);
	l->head = l->count = 0;
}

static void drain(struct harness *h, struct session_action *a);

void harness_post(struct harness *h, struct session_event ev)
{
	struct session_action a;

	if (!h->session)
		return;
	ev.now = h->now;
	if (ev.kind == SESSION_EV_AUDITED)
		watch_audited(&h->watch);
	if (ev.kind == SESSION_EV_BYTES && ev.side == SESSION_CLIENT)
		watch_from_client(&h->watch, ev.bytes);
	if (ev.kind == SESSION_EV_BYTES && ev.side == SESSION_UPSTREAM)
		watch_from_server(&h->watch, ev.bytes);
	harness_inside++;
	session_on(h->session, &ev);
	harness_inside--;
	drain(h, &a);
}

/* One line of what came out; a quiet harness keeps none. */
static void say(struct harness *h, struct lines *to, const char *fmt, ...) QW_PRINTF(3, 4);
static void say(struct harness *h, struct lines *to, const char *fmt, ...)
{
	char text[4096];
	va_list args;

	if (h->is_quiet)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (h->is_loud)
		(void)fprintf(stderr, "%s %s\n", to == &h->client ? "C<" : to == &h->upstream ? "U>" : "?", text);
	else
		lines_add(to, "%s", text);
}

/* ---- questions for trees ---- */

static void need_trees(struct harness *h)
{
	struct session_info info;

	session_info_get(h->session, &info);
	h->watch.needs_trees = !h->is_wild && !h->is_unlabelled && info.role && strcmp(info.role, "agent") == 0;
}

static void watch_statement(struct harness *h, uint8_t type, struct qw_bytes body)
{
	need_trees(h);
	watch_upstream(&h->watch, type, body);
}

static void print_question(struct harness *h)
{
	struct qw_buf key;

	qw_buf_init(&key, 1 << 20);
	QW_ASSERT(!trees_put_key(qw_buf_pending(&h->oracle.sql), qw_buf_pending(&h->oracle.types), &key));
	say(h, &h->upstream, "%.*s", (int)key.n, (char *)key.p);
	qw_buf_fini(&key);
}

/* To the watch it is the Query that it stands for. */
static void run_carried(struct harness *h)
{
	struct qw_bytes sql = qw_buf_pending(&h->oracle.sql);
	struct qw_buf text;

	qw_buf_init(&text, 1 << 22);
	QW_ASSERT(!words_put_string(&text, sql) && !qw_buf_append(&text, "", 1));
	say(h, &h->upstream, "run %s", (const char *)text.p);
	qw_buf_fini(&text);
	need_trees(h);
	watch_carried(&h->watch, sql);
}

/* True: the message belongs to a question, which is one line. */
static bool is_question(struct harness *h, uint8_t type, struct qw_bytes body)
{
	bool is_answered = false;

	if (h->watch.has_failed)
		oracle_failed(&h->oracle);
	h->watch.has_failed = false;
	h->oracle.last_is_query = h->watch.last_type == 'Q';
	switch (oracle_on(&h->oracle, type, body, h->watch.tx_status ? h->watch.tx_status : 'I')) {
	case ORACLE_OTHER:
		return false;
	case ORACLE_MORE:
		return true;
	case ORACLE_QUESTION:
		print_question(h);
		watch_question(&h->watch, qw_buf_pending(&h->oracle.sql));
		is_answered = true;
		break;
	case ORACLE_BOUND:
		if (h->manual_trees)
			say(h, &h->upstream, "bind");
		is_answered = true;
		break;
	case ORACLE_QUIET:
		say(h, &h->upstream, "quiet");
		is_answered = true;
		break;
	case ORACLE_QUIET_BEHIND_BIND:
		say(h, &h->upstream, "quiet");
		return true;
	case ORACLE_RUN:
		run_carried(h);
		return true;
	case ORACLE_CLOSED:
		say(h, &h->upstream, "end");
		watch_statement(h, 'S', body);
		is_answered = true;
		break;
	}
	h->owes_tree = is_answered && !h->own_server && !h->manual_trees;
	return true;
}

static void answer_question(struct harness *h)
{
	struct qw_buf answer;

	if (!h->owes_tree)
		return;
	h->owes_tree = false;
	answer = h->oracle.answer; /* another question may come of it */
	qw_buf_init(&h->oracle.answer, 1 << 24);
	harness_feed(h, SESSION_UPSTREAM, qw_buf_pending(&answer));
	qw_buf_fini(&answer);
}

/* One whole message at the front of h->raw[side]; false: there is none. */
static bool take_message(struct harness *h, enum session_side side, struct qw_buf *words)
{
	struct qw_bytes all = qw_buf_pending(&h->raw[side]), rest = all;
	struct pgwire_frame f;

	if (all.n == 0 || words_print(&rest, side == SESSION_CLIENT, words))
		return false;
	if (side == SESSION_UPSTREAM && !pgwire_frame_peek(all, &f)) {
		struct qw_bytes body = qw_bytes(all.p + PGWIRE_HEADER, f.body_bytes);

		if (is_question(h, f.type, body)) {
			qw_buf_clear(words);
			qw_buf_consume(&h->raw[side], all.n - rest.n);
			return true;
		}
		watch_statement(h, f.type, body);
	}
	say(h, side == SESSION_CLIENT ? &h->client : &h->upstream, "%.*s", (int)words->n, (char *)words->p);
	qw_buf_clear(words);
	qw_buf_consume(&h->raw[side], all.n - rest.n);
	return true;
}

/* The same without words: what goes to the client was watched as it came. */
static bool watch_message(struct harness *h, enum session_side side)
{
	struct qw_bytes all = qw_buf_pending(&h->raw[side]);
	struct pgwire_frame f;

	if (side == SESSION_CLIENT) {
		qw_buf_clear(&h->raw[side]);
		return false;
	}
	if (pgwire_frame_peek(all, &f) || all.n - PGWIRE_HEADER < f.body_bytes)
		return false;
	if (!is_question(h, f.type, qw_bytes(all.p + PGWIRE_HEADER, f.body_bytes)))
		watch_statement(h, f.type, qw_bytes(all.p + PGWIRE_HEADER, f.body_bytes));
	qw_buf_consume(&h->raw[side], PGWIRE_HEADER + (size_t)f.body_bytes);
	return true;
}

static void take_output(struct harness *h, enum session_side side)
{
	struct qw_bytes b = session_output(h->session, side);
	struct qw_buf words;

	if (b.n == 0)
		return;
	QW_ASSERT(!h->is_closed);
	if (side == SESSION_CLIENT)
		watch_to_client(&h->watch, b);
	if (h->on_bytes)
		h->on_bytes(h, side, b);
	QW_ASSERT(!qw_buf_append(&h->raw[side], b.p, b.n));
	harness_inside++;
	session_sent(h->session, side, b.n);
	harness_inside--;
	qw_buf_init(&words, 1 << 22);
	while (h->is_quiet ? watch_message(h, side) : take_message(h, side, &words))
		;
	qw_buf_fini(&words);
	if (side == SESSION_UPSTREAM)
		answer_question(h);
}

static void print_record(struct harness *h, struct qw_bytes record)
{
	static const enum qw_record_field shown[] = {QW_FIELD_DECISION, QW_FIELD_RULE, QW_FIELD_VERBS, QW_FIELD_MASKS,
		QW_FIELD_OUTCOME, QW_FIELD_TAG};
	struct qw_record_header header;
	struct qw_bytes fields, value;
	char text[2000];
	int n;

	QW_ASSERT(!qw_record_open(record, &header, &fields));
	n = snprintf(text, sizeof(text), "record %s", qw_record_type_name(header.type));
	if (qw_record_find(fields, QW_FIELD_STATEMENT_ID, &value))
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %d", (int)qw_record_u64_value(value));
	for (size_t i = 0; i < QW_COUNT(shown); i++)
		if (qw_record_find(fields, shown[i], &value) && value.n)
			n += snprintf(text + n, sizeof(text) - (size_t)n, " %s=%.*s", qw_record_field_name(shown[i], &(enum qw_field_kind){0}),
				(int)value.n, (const char *)value.p);
	if (qw_record_find(fields, QW_FIELD_ROWS, &value))
		n += snprintf(text + n, sizeof(text) - (size_t)n, " rows=%d", (int)qw_record_u64_value(value));
	say(h, &h->other, "%s", text);
}

/* ---- what the session waits for ---- */

bool harness_answer_audit(struct harness *h)
{
	if (h->audits_owed == 0)
		return false;
	h->audits_owed--;
	harness_post(h, (struct session_event){.kind = SESSION_EV_AUDITED, .seq = ++h->audit_seq});
	return true;
}

bool harness_answer_catalog(struct harness *h)
{
	bool owed = h->owes_catalog;

	h->owes_catalog = false;
	if (owed)
		harness_post(h, (struct session_event){.kind = SESSION_EV_CATALOG, .labels = h->labels});
	return owed;
}

static void keep_long_sql(struct harness *h, struct qw_bytes sql)
{
	qw_buf_clear(&h->long_sql);
	QW_ASSERT(!qw_buf_append(&h->long_sql, sql.p, sql.n));
	h->owes_parse = true;
}

bool harness_answer_parse(struct harness *h)
{
	bool owed = h->owes_parse;
	struct qw_statements st;

	h->owes_parse = false;
	if (!owed)
		return false;
	qw_arena_fini(&h->parse_arena);
	qw_arena_init(&h->parse_arena, 64 << 20);
	QW_ASSERT(!sqlparse_postgres(qw_buf_pending(&h->long_sql), &h->config.limits.sql, &h->parse_arena, &st));
	harness_post(h, (struct session_event){.kind = SESSION_EV_PARSED, .statements = &st});
	return true;
}

void harness_decide(struct harness *h, bool yes, const char *reason)
{
	h->owes_decision = false;
	h->approval.state = yes ? APPROVAL_CONSUMED : APPROVAL_DENIED;
	h->approval.reason = reason;
	harness_post(h, (struct session_event){.kind = yes ? SESSION_EV_APPROVED : SESSION_EV_NOT_APPROVED, .approval = &h->approval});
}

bool harness_answer_hold(struct harness *h, bool yes)
{
	bool owed = h->owes_decision;

	if (owed)
		harness_decide(h, yes, yes ? NULL : "no");
	return owed;
}

bool harness_answer_cancel(struct harness *h)
{
	bool owed = h->owes_cancel;

	h->owes_cancel = false;
	if (owed)
		harness_post(h, (struct session_event){.kind = SESSION_EV_CANCEL_DONE});
	return owed;
}

static void on_ask(struct harness *h, const struct approval *a)
{
	bool is_same = memcmp(h->approval.digest, a->digest, sizeof(a->digest)) == 0;

	h->approval = *a;
	memcpy(h->approval.id, "aaaaaaaaaa", 11);
	h->owes_decision = true;
	say(h, &h->other, "ask %s by %s%s", a->statement, a->subject, is_same ? ", again" : "");
	harness_post(h, (struct session_event){.kind = SESSION_EV_ASKED, .approval = &h->approval});
}

static void execute(struct harness *h, const struct session_action *a)
{
	switch (a->kind) {
	case SESSION_DO_SEND:
		take_output(h, a->side);
		break;
	case SESSION_DO_START_TLS:
		say(h, &h->other, "start tls%s", a->is_direct ? " direct" : "");
		break;
	case SESSION_DO_IDENTIFY:
		say(h, &h->other, "identify %.*s", (int)a->bytes.n, (const char *)a->bytes.p);
		break;
	case SESSION_DO_VERSION:
		say(h, &h->other, "version");
		break;
	case SESSION_DO_CONNECT:
		say(h, &h->other, "connect %s", a->connect->database);
		for (size_t i = 0; i < a->connect->setting_count; i++)
			say(h, &h->other, "setting %s=%s", a->connect->settings[i].name, a->connect->settings[i].value);
		break;
	case SESSION_DO_CATALOG:
		say(h, &h->other, "catalog");
		h->owes_catalog = true;
		if (!h->manual_catalog)
			(void)harness_answer_catalog(h);
		break;
	case SESSION_DO_CATALOG_STALE:
		say(h, &h->other, "catalog stale");
		break;
	case SESSION_DO_AUDIT:
		watch_record(&h->watch, a->bytes, a->wait);
		print_record(h, a->bytes);
		h->audits_owed += a->wait != SESSION_WAIT_NONE;
		if (!h->manual_audit)
			(void)harness_answer_audit(h);
		break;
	case SESSION_DO_PARSE:
		say(h, &h->other, "parse %zu bytes", a->bytes.n);
		keep_long_sql(h, a->bytes);
		if (!h->manual_parse)
			(void)harness_answer_parse(h);
		break;
	case SESSION_DO_ASK:
		on_ask(h, a->approval);
		break;
	case SESSION_DO_WITHDRAW:
		h->owes_decision = false;
		say(h, &h->other, "%s %s", a->text ? "withdraw" : "detach", a->detail);
		break;
	case SESSION_DO_CANCEL_UPSTREAM:
		h->owes_cancel = true;
		say(h, &h->other, "cancel upstream");
		break;
	case SESSION_DO_CANCEL_REQUEST:
		say(h, &h->other, "cancel request %u", a->pid);
		break;
	case SESSION_DO_REGISTER_CANCEL:
		say(h, &h->other, "register cancel %u", a->pid);
		break;
	case SESSION_DO_ARM:
		break;
	case SESSION_DO_PAUSE:
	case SESSION_DO_RESUME:
		say(h, &h->other, "%s %s", a->kind == SESSION_DO_PAUSE ? "pause" : "resume",
			a->side == SESSION_CLIENT ? "client" : "upstream");
		break;
	case SESSION_DO_LOG:
		say(h, &h->other, "log %s", a->text);
		break;
	case SESSION_DO_CLOSE:
		take_output(h, SESSION_CLIENT);
		take_output(h, SESSION_UPSTREAM);
		say(h, &h->other, "close");
		h->is_closed = true;
		break;
	}
}

static void drain(struct harness *h, struct session_action *a)
{
	for (;;) {
		bool any;

		harness_inside++;
		any = session_next(h->session, a);
		harness_inside--;
		if (!any)
			break;
		QW_ASSERT(!h->is_closed);
		execute(h, a);
	}
}

void harness_feed(struct harness *h, enum session_side side, struct qw_bytes bytes)
{
	while (bytes.n) {
		size_t step = h->next_cut ? h->next_cut() : h->cut ? h->cut : bytes.n;
		size_t n = bytes.n < step ? bytes.n : step;

		harness_post(h, (struct session_event){.kind = SESSION_EV_BYTES, .side = side, .bytes = qw_bytes(bytes.p, n)});
		bytes = qw_bytes(bytes.p + n, bytes.n - n);
	}
}

static void sample_config(struct harness *h)
{
	static const char *databases[] = {"shop"};

	h->target.up.name = "shop";
	h->target.databases = databases;
	h->target.database_count = 1;
	h->target.up.connect_timeout_s = 10;
	h->config.targets = &h->target;
	h->config.target_count = 1;
	h->config.rows_kept_bytes = 4096;
	h->config.hold_s = 25;
	h->config.approval_expires_s = 900;
	h->config.notice_every_s = 20;
	h->config.limits.sql = SQLPARSE_LIMITS_DEFAULT;
	h->config.limits.startup_timeout_ms = 10000;
	h->config.limits.frame_bytes_max = 1 << 20;
	h->config.limits.row_bytes_max = 1 << 20;
	h->config.limits.token_bytes_max = 16384;
}

/* The same rules, and a mask of something else: customers are not sensitive. */
static struct policy *other_masks(const char *file, const char *text)
{
	struct policy_problem problem;
	struct policy *p = NULL;
	const char *masks = strstr(text, "masks:");
	char *other = NULL;

	QW_ASSERT(masks && asprintf(&other, "%.*smasks: [{name: other, columns: [public.payroll.id], mask: redact, roles: [agent]}]\n",
		(int)(masks - text), text) > 0);
	QW_ASSERT(!policy_load(file, qw_bytes_from(other), &p, &problem));
	free(other);
	return p;
}

void harness_open(struct harness *h, const char *policy_file, const char *policy_text)
{
	struct policy_problem problem;
	const struct policy_role *agent;

	sample_config(h);
	if (policy_load(policy_file, qw_bytes_from(policy_text), &h->policy, &problem)) {
		(void)fprintf(stderr, "%s:%u:%u: %s\n", policy_file, problem.line, problem.column, problem.text);
		abort();
	}
	h->policy2 = other_masks(policy_file, policy_text);
	agent = policy_role_find(h->policy, "agent", "shop", &(struct qw_claim){"groups", "agent"}, 1);
	QW_ASSERT(agent);
	h->key = mask_key_new(QW_LIT("0123456789abcdef0123456789abcdef"));
	h->catalog = sample_catalog(OPERATORS_FILE);
	h->labels = labels_build(h->catalog, h->policy, agent, "shop");
	h->cache = verdict_cache_new(64);
	QW_ASSERT(h->key && h->catalog && h->labels && h->cache);
	h->now = (struct session_now){.mono_us = 1000000, .wall_us = 1700000000000000u};
	h->options = (struct session_options){.config = &h->config, .policy = h->policy, .mask_key = h->key,
		.cache = h->cache, .client_address = "127.0.0.1:5000", .now = h->now};
	memset(h->options.entropy, 7, sizeof(h->options.entropy));
	(void)harness_begin(h);
}

bool harness_begin(struct harness *h)
{
	struct session_action a;

	h->now = (struct session_now){.mono_us = 1000000, .wall_us = 1700000000000000u};
	h->options.now = h->now;
	h->approval = (struct approval){0};
	h->watch.shown = &h->shown;
	h->watch.hides_trees = !h->is_wild;
	oracle_init(&h->oracle);
	h->config.audit_mode = AUDIT_SPOOLED;
	qw_buf_init(&h->raw[0], 1 << 24);
	qw_buf_init(&h->raw[1], 1 << 24);
	qw_buf_init(&h->long_sql, 1 << 24);
	qw_arena_init(&h->parse_arena, 64 << 20);
	harness_inside++;
	h->session = session_new(&h->options);
	harness_inside--;
	if (h->session)
		drain(h, &a);
	return h->session != NULL;
}

void harness_forget(struct harness *h)
{
	verdict_cache_free(h->cache);
	h->options.cache = h->cache = verdict_cache_new(64);
	QW_ASSERT(h->cache);
	watch_shown_clear(&h->shown);
}

void harness_end(struct harness *h)
{
	session_free(h->session);
	h->session = NULL;
	watch_fini(&h->watch);
	oracle_fini(&h->oracle);
	qw_arena_fini(&h->parse_arena);
	qw_buf_fini(&h->long_sql);
	qw_buf_fini(&h->raw[0]);
	qw_buf_fini(&h->raw[1]);
	lines_clear(&h->client);
	lines_clear(&h->upstream);
	lines_clear(&h->other);
	h->was_closed = h->is_closed;
	h->is_closed = h->owes_catalog = h->owes_parse = h->owes_decision = h->owes_cancel = false;
	h->owes_tree = h->is_unlabelled = false;
	h->server_version = 0;
	h->manual_audit = h->manual_catalog = h->manual_parse = h->manual_trees = false;
	h->audits_owed = h->audit_seq = 0;
}

void harness_close(struct harness *h)
{
	harness_end(h);
	watch_shown_clear(&h->shown);
	verdict_cache_free(h->cache);
	labels_unref(h->labels);
	catalog_unref(h->catalog);
	mask_key_free(h->key);
	policy_free(h->policy);
	policy_free(h->policy2);
}
