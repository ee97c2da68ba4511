/*
 * Snapshots of what the databases contain, one for each (target, database), and the labels that are laid over them, one for
 * each (snapshot, policy, role). Both are made on worker threads, once for however many sessions wait.
 */
#include <stdlib.h>

#include "street.h"

enum { FRESH_US = 30 * 1000000 };

struct catalog_wait {
	struct catalog_wait *prev, *next;
	struct database *database;
	struct conn *conn;
	uint64_t newer_than;
};

struct label_entry {
	struct label_entry *next;
	const struct policy *policy;
	const struct policy_role *role;
	uint64_t generation;
	struct labels *labels; /* NULL: under construction */
};

struct database {
	struct database *next;
	const struct config_target *target;
	char *name;
	struct catalog *snapshot;
	uint64_t loaded_us;
	uint64_t counter; /* generation that was begun last */
	uint64_t valid_from; /* older generations were read before DDL went through */
	uint64_t loading; /* generation that is being read; 0: none */
	struct label_entry *labels;
	struct catalog_wait *waits, *cursor; /* cursor: where serve() is; moved on when that wait goes away */
};

struct catalogs {
	struct street *street;
	struct database *list;
};

struct catalog_job {
	uv_work_t work;
	struct catalogs *catalogs; /* outlives every job */
	struct database *database;
	uint64_t generation;
	struct catalog *snapshot; /* load: the result; build: what the labels are laid over */
	struct policy_slot *policy; /* build only */
	const struct policy_role *role;
	struct labels *labels;
	struct upstream_failure failure;
	int err;
};

static void serve_all(struct catalogs *all, struct database *d);

static struct database *database_find(struct catalogs *all, const struct config_target *target, const char *name)
{
	struct database *d = all->list;

	while (d && (d->target != target || strcmp(d->name, name) != 0))
		d = d->next;
	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (d)
		d->name = strdup(name);
	if (!d || !d->name) {
		free(d);
		return NULL;
	}
	d->target = target;
	d->valid_from = 1;
	d->next = all->list;
	all->list = d;
	return d;
}

/* The database that the session is in. */
static struct database *database_of(struct conn *c)
{
	const struct config *config = c->street->config;
	struct session_info info = {0};

	session_info_get(c->session, &info);
	for (size_t i = 0; info.target && info.database && i < config->target_count; i++)
		if (strcmp(config->targets[i].up.name, info.target) == 0)
			return database_find(c->street->catalogs, &config->targets[i], info.database);
	return NULL;
}

static const struct policy_role *role_of(struct conn *c)
{
	struct session_info info = {0};

	session_info_get(c->session, &info);
	if (!info.role || !info.database || !c->is_identified)
		return NULL;
	return policy_role_find(c->policy_now->policy, info.role, info.database, c->principal.claims,
		c->principal.claim_count);
}

static bool is_enough(const struct database *d, uint64_t generation, uint64_t newer_than)
{
	return generation > newer_than && generation >= d->valid_from;
}

static bool is_fresh(const struct database *d, uint64_t newer_than)
{
	return d->snapshot && is_enough(d, catalog_generation(d->snapshot), newer_than) &&
		street_now().mono_us - d->loaded_us < FRESH_US;
}

/* ---- waits ---- */

static void wait_remove(struct catalog_wait *w)
{
	struct database *d = w->database;

	if (d->cursor == w)
		d->cursor = w->next;
	if (w->prev)
		w->prev->next = w->next;
	else
		d->waits = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->conn->catalog_wait = NULL;
	free(w);
}

static void wait_fail(struct catalog_wait *w)
{
	struct conn *c = w->conn;

	wait_remove(w);
	conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
}

void catalogs_forget(struct conn *c)
{
	if (c->catalog_wait)
		wait_remove(c->catalog_wait);
}

/* ---- reading the catalog ---- */

static void work_load(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->err = upstream_read_catalog(j->catalogs->street->vault, &j->database->target->up, j->database->name,
		j->generation, &j->snapshot, &j->failure);
}

static void labels_evict(struct database *d)
{
	struct label_entry **p = &d->labels;

	while (*p) {
		struct label_entry *e = *p;

		if (!e->labels || e->generation == catalog_generation(d->snapshot)) {
			p = &e->next;
			continue;
		}
		*p = e->next;
		labels_unref(e->labels);
		free(e);
	}
}

static void load_failed(struct database *d, struct catalog_job *j)
{
	qw_log(QW_LOG_WARN, "catalog.failed", "target", d->target->up.name, "database", d->name, "sqlstate",
		j->failure.sqlstate, "detail", j->failure.detail, NULL);
	for (d->cursor = d->waits; d->cursor;) {
		struct catalog_wait *w = d->cursor;

		d->cursor = w->next;
		if (is_enough(d, j->generation, w->newer_than))
			wait_fail(w);
	}
}

static void after_load(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct database *d = j->database;
	struct catalogs *all = j->catalogs;

	all->street->jobs--;
	d->loading = 0;
	if (status == 0 && !j->err) {
		catalog_unref(d->snapshot);
		d->snapshot = j->snapshot;
		d->loaded_us = street_now().mono_us;
		labels_evict(d);
	} else {
		load_failed(d, j);
	}
	free(j);
	serve_all(all, d);
}

static struct catalog_job *job_new(struct catalogs *all, struct database *d)
{
	struct catalog_job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->work.data = j;
	j->catalogs = all;
	j->database = d;
	return j;
}

static int load_start(struct catalogs *all, struct database *d)
{
	struct catalog_job *j;

	if (d->loading)
		return 0; /* when it is done, serve_all looks again */
	j = job_new(all, d);
	if (!j)
		return QW_E_NOMEM;
	j->generation = d->counter + 1;
	if (uv_queue_work(&all->street->loop, &j->work, work_load, after_load)) {
		free(j);
		return QW_E_NOMEM;
	}
	d->loading = ++d->counter;
	all->street->jobs++;
	return 0;
}

/* ---- laying the policy over it ---- */

static void work_build(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->labels = labels_build(j->snapshot, j->policy->policy, j->role);
}

static struct label_entry **label_find(struct database *d, const struct policy *p, const struct policy_role *role,
	uint64_t generation)
{
	struct label_entry **e = &d->labels;

	while (*e && ((*e)->policy != p || (*e)->role != role || (*e)->generation != generation))
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
		if (role_of(w->conn) == role)
			wait_fail(w);
	}
}

static void after_build(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct catalogs *all = j->catalogs;
	struct database *d = j->database;
	struct label_entry **e = label_find(d, j->policy->policy, j->role, j->generation);

	(void)status;
	all->street->jobs--;
	(*e)->labels = j->labels;
	if (!j->labels)
		build_failed(d, e);
	else
		serve_all(all, d);
	catalog_unref(j->snapshot);
	j->policy->users--;
	free(j);
	operate_policies_free(all->street, false);
}

static int build_start(struct catalogs *all, struct database *d, struct conn *c, const struct policy_role *role)
{
	struct label_entry *e = calloc(1, sizeof(*e));
	struct catalog_job *j = e ? job_new(all, d) : NULL;

	if (!j) {
		free(e);
		return QW_E_NOMEM;
	}
	j->snapshot = d->snapshot;
	j->generation = catalog_generation(d->snapshot);
	j->policy = c->policy_now;
	j->role = role;
	if (uv_queue_work(&all->street->loop, &j->work, work_build, after_build)) {
		free(e);
		free(j);
		return QW_E_NOMEM;
	}
	(void)catalog_ref(d->snapshot); /* both are given back in after_build */
	j->policy->users++;
	all->street->jobs++;
	*e = (struct label_entry){
		.next = d->labels, .policy = j->policy->policy, .role = role, .generation = j->generation};
	d->labels = e;
	return 0;
}

/* ---- serving ---- */

static void give(struct catalog_wait *w, struct label_entry *e)
{
	struct session_event ev = {.kind = SESSION_EV_CATALOG, .labels = e->labels, .seq = e->generation};
	struct conn *c = w->conn;

	wait_remove(w);
	conn_event(c, &ev);
}

/* Answers the wait, or sees to it that what it needs is under way. */
static void serve(struct catalogs *all, struct catalog_wait *w)
{
	struct database *d = w->database;
	const struct policy_role *role;
	struct label_entry *e;

	if (!is_fresh(d, w->newer_than)) {
		if (load_start(all, d))
			wait_fail(w);
		return;
	}
	role = role_of(w->conn);
	if (!role) {
		wait_fail(w);
		return;
	}
	e = *label_find(d, w->conn->policy_now->policy, role, catalog_generation(d->snapshot));
	if (!e && build_start(all, d, w->conn, role))
		wait_fail(w);
	else if (e && e->labels)
		give(w, e);
}

static void serve_all(struct catalogs *all, struct database *d)
{
	for (d->cursor = d->waits; d->cursor;) {
		struct catalog_wait *w = d->cursor;

		d->cursor = w->next;
		serve(all, w);
	}
}

void catalogs_want(struct conn *c, uint64_t newer_than)
{
	struct database *d = c->catalog_wait ? NULL : database_of(c);
	struct catalog_wait *w = d ? calloc(1, sizeof(*w)) : NULL;

	if (!w) {
		conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
		return;
	}
	*w = (struct catalog_wait){.database = d, .conn = c, .newer_than = newer_than, .next = d->waits};
	if (w->next)
		w->next->prev = w;
	d->waits = w;
	c->catalog_wait = w;
	serve(c->street->catalogs, w);
}

void catalogs_stale(struct conn *c)
{
	struct database *d = database_of(c);

	if (d)
		d->valid_from = d->counter + 1;
}

/* ---- opening and closing ---- */

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

int catalogs_open(struct street *s, struct catalogs **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return QW_E_NOMEM;
	(*out)->street = s;
	return 0;
}

void catalogs_close(struct catalogs *all) /* no session, no job is left; the policies still are */
{
	struct database *d;

	if (!all)
		return;
	while ((d = all->list)) {
		struct label_entry *e;

		all->list = d->next;
		while ((e = d->labels)) {
			d->labels = e->next;
			labels_unref(e->labels);
			free(e);
		}
		catalog_unref(d->snapshot);
		free(d->name);
		free(d);
	}
	free(all);
}
