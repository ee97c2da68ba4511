/* What the session writes into the audit log. Every record is queued in order as an AUDIT action. */
#include "machine.h"
#include "mysql/conversation.h"

#include <stdio.h>

static struct qw_record begin(struct session *s, enum qw_record_type type)
{
	struct qw_record r;
	struct qw_record_header h = {.version = 1, .type = (uint16_t)type, .wall_us = s->now.wall_us,
		.mono_us = s->now.mono_us, .session_seq = s->session_seq++};

	memcpy(h.session, s->options->id, sizeof(h.session));
	qw_record_begin(&r, &s->blob, &h);
	return r;
}

static void finish(struct session *s, struct qw_record *r, size_t at, enum session_wait wait)
{
	struct session_action *a;
	struct queued_action *q;

	/* Behind a record that found no memory nothing more is told: no gap, no result of an unknown statement. */
	if (s->is_record_lost || qw_record_end(r) || !(a = session_queue(s, SESSION_DO_AUDIT))) {
		s->is_record_lost = true;
		s->blob.n = at;
		session_out_of_memory(s);
		return;
	}
	a->wait = wait;
	q = (struct queued_action *)(void *)a;
	q->has_blob = true;
	q->bytes_at = at;
	q->bytes_n = s->blob.n - at;
	if (wait != SESSION_WAIT_NONE)
		s->audit_waits++;
}

static void put_who(struct session *s, struct qw_record *r)
{
	qw_record_text(r, QW_FIELD_CLIENT, s->options->client_address);
	qw_record_text(r, QW_FIELD_TLS, s->tls_text);
	qw_record_text(r, QW_FIELD_ISSUER, s->principal.issuer);
	qw_record_text(r, QW_FIELD_SUBJECT, s->principal.subject);
	qw_record_text(r, QW_FIELD_ACTOR, s->principal.actor);
	if (s->principal.subject)
		qw_record_bytes(r, QW_FIELD_CLAIMS_DIGEST, qw_bytes(s->principal.claims_digest, 32));
	qw_record_text(r, QW_FIELD_ROLE, s->role ? s->role->name : s->user);
	qw_record_text(r, QW_FIELD_TARGET, s->target ? s->target->up.name : NULL);
	qw_record_text(r, QW_FIELD_DATABASE, s->database);
	qw_record_text(r, QW_FIELD_APPLICATION, s->application_name);
	qw_record_text(r, QW_FIELD_POLICY, policy_revision(s->policy));
}

void ledger_session_open(struct session *s)
{
	size_t at = s->blob.n;
	struct qw_record r = begin(s, QW_RECORD_SESSION_OPEN);

	put_who(s, &r);
	s->is_open_recorded = true;
	finish(s, &r, at, SESSION_WAIT_RING);
}

void ledger_session_refused(struct session *s, const char *reason)
{
	size_t at = s->blob.n;
	struct qw_record r = begin(s, QW_RECORD_SESSION_REFUSED);

	put_who(s, &r);
	qw_record_text(&r, QW_FIELD_REASON, reason);
	finish(s, &r, at, SESSION_WAIT_NONE);
}

void ledger_session_close(struct session *s, const char *reason)
{
	size_t at = s->blob.n;
	struct qw_record r = begin(s, QW_RECORD_SESSION_CLOSE);

	qw_record_text(&r, QW_FIELD_REASON, reason);
	finish(s, &r, at, SESSION_WAIT_NONE);
}

/* Verbs and objects as a record names them: once for a text, however often it runs. */
static int name_acts(struct judged *j)
{
	char verbs[512], objects[1024];
	size_t v = 0, o = 0;
	enum qw_verb last = QW_VERB_COUNT;

	verbs[0] = objects[0] = '\0';
	for (size_t i = 0; i < j->facts.count; i++) {
		const struct qw_statement *st = &j->facts.list[i];

		for (size_t k = 0; k < st->act_count; k++) {
			const struct qw_act *act = &st->acts[k];
			int n = 0;

			if (act->verb != last && v + 40 < sizeof(verbs))
				n = snprintf(verbs + v, sizeof(verbs) - v, "%s%s", v ? " " : "", qw_verb_name(act->verb));
			v += n > 0 ? (size_t)n : 0;
			last = act->verb;
			if (!act->name || o + 140 >= sizeof(objects))
				continue;
			n = snprintf(objects + o, sizeof(objects) - o, "%s%s%s%s", o ? " " : "",
				act->schema ? act->schema : "", act->schema ? "." : "", act->name);
			o += n > 0 ? (size_t)n : 0;
		}
	}
	j->verbs = qw_arena_strdup(&j->arena, qw_bytes_from(verbs));
	j->objects = o ? qw_arena_strdup(&j->arena, qw_bytes_from(objects)) : NULL;
	return j->verbs && (j->objects || !o) ? 0 : QW_E_NOMEM;
}

static void put_acts(struct qw_record *r, struct judged *j)
{
	if (!j) {
		qw_record_text(r, QW_FIELD_VERBS, "");
		return;
	}
	j = j->origin ? j->origin : j;
	if (!j->verbs && name_acts(j)) {
		r->err = QW_E_NOMEM;
		return;
	}
	qw_record_text(r, QW_FIELD_VERBS, j->verbs);
	qw_record_text(r, QW_FIELD_OBJECTS, j->objects);
}

static const char *rule_of(const struct run *run)
{
	if (run->refusal)
		return run->refusal->rule;
	if (run->verdict.rule)
		return run->verdict.rule;
	return run->judged ? run->judged->verdict.rule : NULL;
}

void ledger_statement(struct session *s, const struct run *run, const char *decision, enum session_wait wait)
{
	size_t at = s->blob.n;
	struct qw_record r = begin(s, QW_RECORD_STATEMENT);
	struct judged *j = run->judged;

	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, run->unit ? run->unit->id : 0);
	qw_record_text(&r, QW_FIELD_PROTOCOL,
		s->my	      ? my_protocol(s) :
		run->is_query ? "simple" : run->is_parse ? "parse" : run->is_fastpath ? "fastpath" : "extended");
	if (j)
		qw_record_bytes(&r, QW_FIELD_SQL, j->sql);
	if (run->portal && run->portal->bind_bytes)
		qw_record_bytes(&r, QW_FIELD_BINDS, qw_bytes(run->portal->binds, run->portal->bind_bytes));
	if (s->my && my_binds_recorded(s).n)
		qw_record_bytes(&r, QW_FIELD_BINDS, my_binds_recorded(s));
	qw_record_text(&r, QW_FIELD_DECISION, decision);
	qw_record_text(&r, QW_FIELD_RULE, rule_of(run));
	if (run->refusal)
		qw_record_text(&r, QW_FIELD_REASON, run->refusal->message);
	put_acts(&r, j);
	if (run->taints)
		qw_record_text(&r, QW_FIELD_TAINT, s->tainted_by);
	if (run->approval_id[0])
		qw_record_text(&r, QW_FIELD_APPROVAL_ID, run->approval_id);
	qw_record_text(&r, QW_FIELD_POLICY, policy_revision(s->policy));
	finish(s, &r, at, wait);
}

static void put_masks(struct qw_record *r, const struct columns *c)
{
	char text[1024];
	size_t n = 0;

	for (size_t i = 0; c && i < c->count; i++) {
		int k;

		if (!c->list[i].spec || n + 260 >= sizeof(text))
			continue;
		k = snprintf(text + n, sizeof(text) - n, "%s%s=%s", n ? " " : "", c->names[i],
			mask_kind_name(c->list[i].spec->kind));
		n += k > 0 ? (size_t)k : 0;
	}
	if (n)
		qw_record_text(r, QW_FIELD_MASKS, text);
}

void ledger_result(struct session *s, struct unit *u, const char *outcome)
{
	size_t at = s->blob.n;
	struct qw_record r = begin(s, QW_RECORD_RESULT);
	uint8_t digest[QW_DIGEST_BYTES];

	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, u->id);
	qw_record_text(&r, QW_FIELD_OUTCOME, outcome);
	if (u->rule)
		qw_record_text(&r, QW_FIELD_RULE, u->rule);
	qw_record_u64(&r, QW_FIELD_ROWS, u->rows);
	qw_record_u64(&r, QW_FIELD_BYTES, u->bytes);
	if (u->digest && !qw_digest_end(u->digest, digest))
		qw_record_bytes(&r, QW_FIELD_DIGEST, qw_bytes(digest, sizeof(digest)));
	if (u->tag[0])
		qw_record_text(&r, QW_FIELD_TAG, u->tag);
	put_masks(&r, u->columns);
	scan_record(&r, u);
	qw_record_bytes(&r, QW_FIELD_RESPONSE, qw_buf_pending(&u->kept));
	if (u->truncated)
		qw_record_u64(&r, QW_FIELD_TRUNCATED, 1);
	qw_record_u64(&r, QW_FIELD_DURATION_US, s->now.mono_us - u->started_us);
	finish(s, &r, at, SESSION_WAIT_NONE);
	scan_log(s, u);
}

void ledger_error(struct session *s, uint64_t statement_id, struct qw_bytes original)
{
	size_t at = s->blob.n;
	struct qw_record r = begin(s, QW_RECORD_ERROR);

	qw_record_u64(&r, QW_FIELD_STATEMENT_ID, statement_id);
	qw_record_bytes(&r, QW_FIELD_ERROR, original);
	finish(s, &r, at, SESSION_WAIT_NONE);
}

/* strict: everything waits for the disk. spooled: what may write does. relaxed: nothing does. */
enum session_wait ledger_wait_for(const struct session *s, const struct judged *j)
{
	switch (s->config->audit_mode) {
	case AUDIT_STRICT:
		return SESSION_WAIT_DISK;
	case AUDIT_SPOOLED:
		return !j || j->writes ? SESSION_WAIT_DISK : SESSION_WAIT_RING;
	case AUDIT_RELAXED:
		return SESSION_WAIT_RING;
	}
	return SESSION_WAIT_DISK;
}
