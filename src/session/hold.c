/* A statement waits for a person. The client hears of it at once and again and again; both sides are read meanwhile. */
#include "machine.h"
#include "mysql/conversation.h"

#include <stdio.h>

enum { HOLD_TEXT_MAX = 4 << 20 };

static const char *binds_text(struct session *s)
{
	const struct portal *p = s->run.portal;
	struct qw_buf b;
	const char *text = "";

	if (s->my)
		return qw_arena_strdup(&s->hold_arena, my_binds_text(s));
	if (!p || !p->bind_bytes)
		return text;
	qw_buf_init(&b, 64 * 1024);
	if (!pgwire_binds_text(qw_bytes(p->binds, p->bind_bytes), &b, 4096))
		text = qw_arena_strdup(&s->hold_arena, qw_buf_pending(&b));
	qw_buf_fini(&b);
	return text ? text : "";
}

/* EXECUTE and FETCH run what a name stands for: that is what a person approves, and nothing else of that name. */
static const char *statement_text(struct session *s)
{
	const struct judged *j = s->run.judged;
	struct qw_buf b;
	const char *text = NULL;

	if (!j->by_name)
		return (const char *)j->sql.p; /* kept with a NUL */
	qw_buf_init(&b, HOLD_TEXT_MAX);
	if (!qw_buf_append(&b, j->sql.p, j->sql.n) && !judge_spell_out(s, j, &b, false))
		text = qw_arena_strdup(&s->hold_arena, qw_buf_pending(&b));
	qw_buf_fini(&b);
	return text;
}

/* What the values mean depends on their types. */
static int put_binds(const struct portal *p, struct qw_buf *out)
{
	uint64_t n = p->statement ? p->statement->type_bytes : 0;
	int err = qw_buf_append(out, &n, sizeof(n));

	if (!err && n)
		err = qw_buf_append(out, p->statement->types, n);
	return err ? err : qw_buf_append(out, p->binds, p->bind_bytes);
}

static int digest_of(struct session *s, uint8_t out[APPROVAL_DIGEST_BYTES])
{
	const struct portal *p = s->run.portal;
	struct approval_subject subject = {
		.statement = s->run.judged->sql,
		.target = s->target->up.name,
		.database = s->database,
		.role = s->role->name,
		.issuer = s->principal.issuer,
		.subject = s->principal.subject,
		.actor = s->principal.actor,
		.policy_revision = policy_revision(s->policy),
	};

	struct qw_buf named;
	int err = 0;

	memcpy(subject.settings_digest, s->settings_digest, sizeof(subject.settings_digest));
	qw_buf_init(&named, s->in[SESSION_CLIENT].max * 4);
	err = judge_spell_out(s, s->run.judged, &named, true);
	if (!err && p)
		err = put_binds(p, &named);
	if (!err && s->my)
		err = my_binds_exact(s, &named);
	subject.binds = qw_buf_pending(&named);
	if (!err)
		err = approval_digest(&subject, out);
	qw_buf_fini(&named);
	return err;
}

void hold_start(struct session *s)
{
	struct approval *a = &s->asked;
	struct session_action *action;

	qw_arena_reset(&s->hold_arena);
	*a = (struct approval){
		.target = s->target->up.name,
		.database = s->database,
		.role = s->role->name,
		.issuer = s->principal.issuer,
		.subject = s->principal.subject,
		.actor = s->principal.actor,
		.statement = statement_text(s),
		.binds_text = binds_text(s),
		.rule = s->run.verdict.rule,
		.policy_revision = policy_revision(s->policy),
		.expires_us = (int64_t)s->now.wall_us + 1000000ll * s->config->approval_expires_s,
	};
	qw_hex(qw_bytes(s->options->id, QW_SESSION_ID_BYTES), a->session);
	if (!a->statement || digest_of(s, a->digest)) {
		session_out_of_memory(s);
		return;
	}
	action = session_queue(s, SESSION_DO_ASK);
	if (!action)
		return;
	action->approval = a;
	s->info.held++;
	s->run.approval_id[0] = '\0';
	s->run.hold_until_us = s->now.mono_us + 1000000ull * s->config->hold_s;
	s->run.next_notice_us = 0;
	s->run.stage = RUN_HOLDING;
}

static void notice(struct session *s)
{
	char message[256], hint[256];
	const struct refusal waits = {.sqlstate = "00000", .rule = s->run.verdict.rule, .message = message, .hint = hint,
		.ticket = s->run.approval_id};

	(void)snprintf(message, sizeof(message), "querywarden: waiting for approval %s (rule \"%s\")", s->run.approval_id,
		s->run.verdict.rule);
	(void)snprintf(hint, sizeof(hint), "A person decides with: querywarden approve %s", s->run.approval_id);
	refusal_put_as(s, "NOTICE", &waits);
	s->run.next_notice_us = s->now.mono_us + 1000000ull * s->config->notice_every_s;
}

static void refuse_ticket(struct session *s, struct refusal *r)
{
	if (r)
		r->ticket = qw_arena_strdup(&r->arena, qw_bytes_from(s->run.approval_id));
	run_refuse(s, r);
}

void hold_asked(struct session *s, const struct approval *a)
{
	if (s->run.stage != RUN_HOLDING)
		return;
	memcpy(s->run.approval_id, a->id, sizeof(s->run.approval_id));
	notice(s);
}

void hold_answered(struct session *s, const struct approval *a, bool approved)
{
	char message[256];
	const char *reason = a && a->reason ? a->reason : "";

	if (s->run.stage != RUN_HOLDING || (a && memcmp(a->digest, s->asked.digest, sizeof(a->digest)) != 0))
		return; /* of an earlier hold */
	if (a)
		memcpy(s->run.approval_id, a->id, sizeof(s->run.approval_id));
	if (approved) {
		s->run.approved = true;
		s->run.stage = RUN_JUDGE; /* judged once more: policy and labels may have moved */
		return;
	}
	(void)snprintf(message, sizeof(message), "approval %s: %s", s->run.approval_id,
		a ? approval_state_name(a->state) : "refused");
	refuse_ticket(s,
		refusal_new("QW002", s->run.verdict.rule, message,
			reason[0] ? reason : "No reason was given.", "Do not repeat the statement as it is; ask its reviewer."));
}

void hold_tick(struct session *s)
{
	char message[256], hint[512];

	if (s->now.mono_us >= s->run.hold_until_us) {
		struct session_action *a = session_queue(s, SESSION_DO_WITHDRAW);

		if (!a)
			return;
		a->detail = s->run.approval_id; /* text stays NULL: nobody waits any more, the approval stays open */
		(void)snprintf(message, sizeof(message), "approval %s is still pending", s->run.approval_id);
		(void)snprintf(hint, sizeof(hint),
			"Repeat exactly this statement after somebody has run: querywarden approve %s (within %u s of asking).",
			s->run.approval_id, s->config->approval_expires_s);
		refuse_ticket(s, refusal_new("QW001", s->run.verdict.rule, message,
			"The statement was not run.", hint));
		return;
	}
	if (s->run.next_notice_us && s->now.mono_us >= s->run.next_notice_us)
		notice(s);
}

void hold_end(struct session *s, const char *why)
{
	struct session_action *a = session_queue(s, SESSION_DO_WITHDRAW);

	if (!a)
		return;
	a->detail = s->run.approval_id;
	a->text = why;
}
