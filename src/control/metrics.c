/* The gateway's numbers as Prometheus text (exposition format 0.0.4), and whether it is well. */
#include <stdio.h>

#include "control.h"

struct metric {
	const char *name, *type, *help;
	uint64_t value;
};

static int metric_add(struct qw_buf *out, const struct metric *m)
{
	return qw_buf_printf(out, "# HELP querywarden_%s %s\n# TYPE querywarden_%s %s\nquerywarden_%s %llu\n", m->name, m->help,
		m->name, m->type, m->name, (unsigned long long)m->value);
}

static bool count_pending(void *ctx, const struct approval *a)
{
	struct metric *m = ctx; /* how many, and the oldest's start */

	if (a->state != APPROVAL_PENDING)
		return true;
	if (m[0].value++ == 0)
		m[1].value = (uint64_t)a->created_us;
	return true;
}

static int add_all(struct qw_buf *out, const struct metric *m, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = metric_add(out, &m[i]);
	return err;
}

static int add_street(struct street *s, struct qw_buf *out)
{
	struct street_stats t;

	street_stats_get(s, &t);
	const struct metric list[] = {
		{"connections_total", "counter", "Connections accepted.", t.connections_total},
		{"connections_refused_total", "counter", "Connections closed at once: a limit was reached.", t.connections_refused},
		{"sessions_open", "gauge", "Connections that are open now.", t.sessions_open},
		{"logins_total", "counter", "Tokens accepted.", t.logins_ok},
		{"logins_refused_total", "counter", "Tokens refused.", t.logins_refused},
		{"statements_total", "counter", "Statements that the policy let through.", t.statements},
		{"statements_refused_total", "counter", "Statements refused.", t.refused},
		{"statements_held_total", "counter", "Statements held for approval.", t.held},
		{"rows_total", "counter", "Rows sent to clients.", t.rows},
		{"found_masked_total", "counter", "Finds of content detectors that were masked.", t.found_masked},
		{"found_flagged_total", "counter", "Finds of content detectors that were shown and recorded.", t.found_flagged},
		{"rows_masked_total", "counter", "Rows in which something was masked.", t.masked_rows},
		{"client_bytes_total", "counter", "Bytes sent to clients, before TLS.", t.bytes_to_client},
		{"upstream_bytes_total", "counter", "Bytes sent to databases, before TLS.", t.bytes_to_upstream},
		{"upstream_failures_total", "counter", "Database connections that could not be opened.", t.upstream_failures},
		{"uptime_seconds", "gauge", "Since the gateway was started.", t.uptime_s},
		{"draining", "gauge", "1 while the gateway waits for its sessions to end.", t.draining},
	};

	return add_all(out, list, QW_COUNT(list));
}

static int add_audit(struct street *s, struct qw_buf *out)
{
	struct audit_stats a;

	audit_stats_get(street_audit(s), &a);
	const struct metric list[] = {
		{"audit_records_total", "counter", "Records put into the ring.", a.appended},
		{"audit_durable_records", "counter", "Records on disk.", a.durable},
		{"audit_commits_total", "counter", "Group commits.", a.commits},
		{"audit_commit_microseconds_total", "counter", "Time spent in commits.", a.commit_us_sum},
		{"audit_failures_total", "counter", "Commits that failed.", a.failures},
		{"audit_failed", "gauge", "1: the last commit failed and statements are refused.", audit_failed(street_audit(s))},
		{"audit_ring_bytes", "gauge", "Size of the ring.", a.ring_bytes},
		{"audit_ring_used_bytes", "gauge", "What of it is not on disk yet.", a.ring_used},
	};

	return add_all(out, list, QW_COUNT(list));
}

int metrics_text(struct street *s, struct qw_buf *out)
{
	struct metric pending[] = {
		{"approvals_pending", "gauge", "Statements that wait for a person.", 0},
		{"approvals_oldest_microseconds", "gauge", "When the oldest of them was asked (wall clock); 0: none.", 0},
	};
	int err = add_street(s, out);

	if (!err)
		err = add_audit(s, out);
	if (!err)
		err = audit_approval_each(street_audit(s), count_pending, pending);
	if (!err)
		err = add_all(out, pending, QW_COUNT(pending));
	return err;
}

bool metrics_is_healthy(struct street *s, const char **why)
{
	struct street_stats t;

	street_stats_get(s, &t);
	*why = t.draining ? "draining" : audit_failed(street_audit(s)) ? "the audit store fails" : NULL;
	return *why == NULL;
}
