/* The labels of each role: the policy laid over a snapshot, on a worker thread, once for however many sessions wait. */
#include <stdlib.h>

#include "catalogs.h"

static void work_build(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->labels = labels_build(j->snapshot, j->policy->policy, j->role, j->database->name);
}

struct label_entry **catalogs_find_labels(struct database *d, const struct policy *p, const struct policy_role *role,
	const struct catalog *snapshot)
{
	struct label_entry **e = &d->labels;

	while (*e && ((*e)->policy != p || (*e)->role != role || (*e)->snapshot != snapshot))
		e = &(*e)->next;
	return e;
}

static void build_failed(struct database *d, struct label_entry **place)
{
	struct label_entry *e = *place;
	const struct policy_role *role = e->role;

	*place = e->next;
	free(e);
	for (d->cursor = d->waits; d->cursor;) {
		struct catalog_wait *w = d->cursor;

		d->cursor = w->next;
		if (catalogs_role_of(w->conn) == role)
			catalogs_wait_fail(w);
	}
}

static void after_build(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct catalogs *all = j->catalogs;
	struct database *d = j->database;
	struct label_entry **e = catalogs_find_labels(d, j->policy->policy, j->role, j->snapshot);

	(void)status;
	all->street->jobs--;
	(*e)->labels = j->labels;
	if (!j->labels)
		build_failed(d, e);
	else
		catalogs_serve(all, d);
	catalog_unref(j->snapshot);
	j->policy->users--;
	free(j);
	operate_policies_free(all->street, false);
}

int catalogs_build_labels(struct catalogs *all, struct database *d, struct conn *c, const struct policy_role *role)
{
	struct label_entry *e = calloc(1, sizeof(*e));
	struct catalog_job *j = e ? catalogs_job_new(all, d) : NULL;

	if (!j) {
		free(e);
		return QW_E_NOMEM;
	}
	j->snapshot = d->snapshot;
	j->policy = c->policy_now;
	j->role = role;
	if (catalogs_job_start(j, work_build, after_build)) {
		free(e);
		return QW_E_NOMEM;
	}
	(void)catalog_ref(d->snapshot); /* both are given back in after_build */
	j->policy->users++;
	*e = (struct label_entry){
		.next = d->labels, .policy = j->policy->policy, .role = role, .snapshot = d->snapshot};
	d->labels = e;
	return 0;
}

void catalogs_evict_labels(struct database *d)
{
	struct label_entry **p = &d->labels;

	while (*p) {
		struct label_entry *e = *p;

		if (!e->labels || e->snapshot == d->snapshot) {
			p = &e->next;
			continue;
		}
		*p = e->next;
		labels_unref(e->labels);
		free(e);
	}
}

void catalogs_drop_policy(struct catalogs *all, const struct policy *p)
{
	for (struct database *d = all ? all->list : NULL; d; d = d->next) {
		for (struct label_entry **at = &d->labels; *at;) {
			struct label_entry *e = *at;

			if (e->policy != p) {
				at = &e->next;
				continue;
			}
			*at = e->next;
			labels_unref(e->labels);
			free(e);
		}
	}
}
