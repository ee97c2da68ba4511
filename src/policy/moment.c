/* What depends on the moment: freezes, rules with `when`, taint. Asked after the verdict that may be cached; takes away only. */
#include "policy_int.h"

#define MINUTE_US UINT64_C(60000000)

enum { DAY_MIN = 1440, WEEK_MIN = 7 * DAY_MIN, THURSDAY = 4 };

/* 1970-01-01 was a Thursday. */
static bool weekly_holds(const struct policy_window *w, uint64_t wall_us)
{
	uint64_t minutes = wall_us / MINUTE_US % WEEK_MIN;
	uint64_t local = (minutes + THURSDAY * DAY_MIN + WEEK_MIN + (uint64_t)(int64_t)w->offset_min) % WEEK_MIN;
	unsigned day = (unsigned)(local / DAY_MIN), before = (day + 6) % 7, at = (unsigned)(local % DAY_MIN);
	bool begins_today = w->days >> day & 1, began_yesterday = w->days >> before & 1;

	if (w->from_min < w->to_min)
		return begins_today && at >= w->from_min && at < w->to_min;
	return (begins_today && at >= w->from_min) || (began_yesterday && at < w->to_min);
}

bool window_holds(const struct policy_window *w, uint64_t wall_us)
{
	if (wall_us == NO_TIME)
		return false;
	if (wall_us == 0) /* unknown */
		return true;
	return wall_us >= w->from_us && wall_us < w->to_us && (!w->is_weekly || weekly_holds(w, wall_us));
}

uint32_t when_of(const struct policy_moment *now)
{
	return (now->is_tainted ? WHEN_TAINTED : 0u) | (now->reads_secret ? WHEN_SECRET : 0u) |
	       (now->in_transaction ? WHEN_IN_TRANSACTION : WHEN_OUTSIDE_TRANSACTION);
}

static bool holds_now(const struct policy_rule *r, const struct policy_moment *now)
{
	return (r->when & ~when_of(now)) == 0 && (!r->has_window || window_holds(&r->window, now->wall_us));
}

static void tighten(struct policy_verdict *v, enum policy_effect effect, const char *rule, const char *message,
	const struct qw_act *act)
{
	if (effect >= v->effect)
		return;
	v->effect = effect;
	v->rule = rule;
	v->message = message;
	v->act = act;
}

struct asked {
	const struct policy *p;
	const struct policy_role *role;
	const char *database;
	const struct policy_moment *now;
};

static void judge_act_now(const struct asked *q, const struct qw_act *act, struct policy_verdict *v)
{
	size_t i;

	for (i = 0; i < q->p->moment_count; i++) {
		const struct policy_rule *r = &q->p->moments[i];

		if (r->effect < v->effect && holds_now(r, q->now) && rule_matches(r, q->role, q->database, act))
			tighten(v, r->effect, r->name, r->message, act);
	}
	for (i = 0; q->now->is_tainted && i < q->p->untrusted_count; i++) {
		const struct policy_untrusted *u = &q->p->untrusted[i];

		if (!scope_holds(&u->scope, q->role, q->database))
			continue;
		if (q->now->reads_secret)
			tighten(v, u->secret, u->name, u->message, act);
		if (egress_is_act(act))
			tighten(v, u->egress, u->name, u->message, act);
	}
}

void policy_judge_moment(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_moment *now, const struct qw_statement *statements, size_t count, struct policy_verdict *v)
{
	const struct asked q = {.p = p, .role = role, .database = database, .now = now};
	size_t i, k;

	if (!role) {
		tighten(v, POLICY_DENY, "default", NULL, NULL);
		return;
	}
	for (i = 0; i < count; i++)
		for (k = 0; k < statements[i].act_count && v->effect != POLICY_DENY; k++)
			judge_act_now(&q, &statements[i].acts[k], v);
}

bool policy_has_moments(const struct policy *p, const struct policy_role *role)
{
	size_t i;

	for (i = 0; i < p->moment_count; i++)
		if (p->moments[i].roles & role->id_bit)
			return true;
	for (i = 0; i < p->untrusted_count; i++)
		if (p->untrusted[i].scope.roles & role->id_bit)
			return true;
	return false;
}
