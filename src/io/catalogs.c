/*
 * Snapshots of what the databases contain, one for each (target, database), and the labels that are laid over them, one for
 * each (snapshot, policy, role). Both are made on worker threads, once for however many sessions wait.
 */
#include <stdlib.h>

#include "street.h"

/*
 * Schema changes that come through the gateway are noticed at once; those from elsewhere, while sessions with masks are open, by
 * the database's pulse, which is felt every second: another beat, and the catalog is read again. Without a pulse it is read every
 * ten seconds, with one every minute all the same. A snapshot that says the same replaces nothing, so that verdicts stay cached.
 */
enum { TICK_MS = 1000, FRESH_US = 10 * 1000000, FRESH_WITH_PULSE_US = 60 * 1000000 };

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
	const struct catalog *snapshot; /* compared only */
	struct labels *labels; /* NULL: under construction */
};

struct database {
	struct database *next;
	const struct config_target *target;
	char *name;
	struct catalog *snapshot;
	uint64_t generation; /* of the last read, whose content is `snapshot` */
	uint64_t loaded_us;
	uint64_t counter; /* generation that was begun last */
	uint64_t valid_from; /* older generations were read before DDL went through */
	uint64_t loading; /* generation that is being read; 0: none */
	struct upstream_pulse *pulse; /* the worker's while `loading` or `is_feeling`; NULL: none */
	uint64_t beat; /* just before the snapshot was read; 0: unknown */
	bool is_feeling; /* on a worker */
	bool wants_load; /* when that is over */
	struct label_entry *labels;
	struct catalog_wait *waits, *cursor; /* cursor: where serve() is; moved on when that wait goes away */
};

struct catalogs {
	struct street *street;
	struct database *list;
	uv_timer_t timer; /* looks for schema changes from elsewhere */
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
	uint64_t beat; /* 0: could not be felt */
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
	return d->snapshot && is_enough(d, d->generation, newer_than) &&
		street_now().mono_us - d->loaded_us < (d->beat ? FRESH_WITH_PULSE_US : FRESH_US);
}

/* MySQL: a session may be in none; its catalog holds all of them. */
static const char *server_database(const struct database *d)
{
	return *d->name ? d->name : NULL;
}

/* On a worker thread. A pulse that cannot be felt is opened anew the next time; the clock does until then. */
static uint64_t feel(struct vault *v, struct database *d)
{
	struct upstream_failure failure = {.sqlstate = ""};
	uint64_t beat = 0;

	if (!d->pulse && upstream_pulse_open(v, &d->target->up, server_database(d), &d->pulse, &failure))
		d->pulse = NULL;
	if (d->pulse && upstream_pulse(d->pulse, &beat, &failure)) {
		upstream_pulse_free(d->pulse);
		d->pulse = NULL;
		return 0;
	}
	return d->pulse && !beat ? 1 : beat;
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

	j->beat = feel(j->catalogs->street->vault, j->database); /* before: what changes meanwhile is felt later */
	j->err = upstream_read_catalog(j->catalogs->street->vault, &j->database->target->up, server_database(j->database),
		j->generation, &j->snapshot, &j->failure);
}

static void labels_evict(struct database *d)
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

static void wait_add(struct conn *c, struct database *d, struct catalog_wait *w, uint64_t newer_than)
{
	*w = (struct catalog_wait){.database = d, .conn = c, .newer_than = newer_than, .next = d->waits};
	if (w->next)
		w->next->prev = w;
	d->waits = w;
	c->catalog_wait = w;
}

/* Sessions that were given labels of the former snapshot get new ones unasked. No memory for it: they end. */
static void tell_sessions(struct catalogs *all, struct database *d)
{
	struct conn *next;

	for (struct conn *c = all->street->conns; c; c = next) {
		struct catalog_wait *w;

		next = c->next;
		if (c->catalog_of != d || c->catalog_wait || c->phase != CONN_OPEN)
			continue;
		w = calloc(1, sizeof(*w));
		if (w)
			wait_add(c, d, w, 0);
		else
			conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
	}
}

static void take_snapshot(struct catalogs *all, struct database *d, struct catalog *fresh)
{
	bool is_first = d->snapshot == NULL;

	if (!is_first && catalog_same(d->snapshot, fresh)) {
		catalog_unref(fresh);
		return;
	}
	catalog_unref(d->snapshot);
	d->snapshot = fresh;
	labels_evict(d);
	if (!is_first)
		tell_sessions(all, d);
}

static void after_load(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct database *d = j->database;
	struct catalogs *all = j->catalogs;

	all->street->jobs--;
	d->loading = 0;
	if (status == 0 && !j->err) {
		d->generation = j->generation;
		d->loaded_us = street_now().mono_us;
		d->beat = j->beat;
		take_snapshot(all, d, j->snapshot);
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
	if (d->is_feeling) {
		d->wants_load = true;
		return 0;
	}
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

/* ---- the pulse ---- */

static void work_feel(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->beat = feel(j->catalogs->street->vault, j->database);
}

static void after_feel(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct database *d = j->database;
	bool has_changed = status == 0 && j->beat != d->beat;

	j->catalogs->street->jobs--;
	d->is_feeling = false;
	if (has_changed || d->wants_load) {
		d->wants_load = false;
		(void)load_start(j->catalogs, d);
	}
	free(j);
}

static void feel_start(struct catalogs *all, struct database *d)
{
	struct catalog_job *j = d->loading || d->is_feeling ? NULL : job_new(all, d);

	if (!j)
		return;
	if (uv_queue_work(&all->street->loop, &j->work, work_feel, after_feel)) {
		free(j);
		return;
	}
	d->is_feeling = true;
	all->street->jobs++;
}

/* ---- laying the policy over it ---- */

static void work_build(uv_work_t *w) /* on a worker thread */
{
	struct catalog_job *j = w->data;

	j->labels = labels_build(j->snapshot, j->policy->policy, j->role, j->database->name);
}

static struct label_entry **label_find(struct database *d, const struct policy *p, const struct policy_role *role,
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
		if (role_of(w->conn) == role)
			wait_fail(w);
	}
}

static void after_build(uv_work_t *work, int status)
{
	struct catalog_job *j = work->data;
	struct catalogs *all = j->catalogs;
	struct database *d = j->database;
	struct label_entry **e = label_find(d, j->policy->policy, j->role, j->snapshot);

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
		.next = d->labels, .policy = j->policy->policy, .role = role, .snapshot = d->snapshot};
	d->labels = e;
	return 0;
}

/* ---- serving ---- */

static void give(struct catalog_wait *w, struct label_entry *e)
{
	struct session_event ev = {.kind = SESSION_EV_CATALOG, .labels = e->labels, .seq = w->database->generation};
	struct conn *c = w->conn;

	c->catalog_of = w->database;
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
	e = *label_find(d, w->conn->policy_now->policy, role, d->snapshot);
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
	struct catalog_wait *w = c->catalog_wait;
	struct database *d = w ? NULL : database_of(c);

	if (w) { /* new labels come unasked already: that answers both */
		w->newer_than = w->newer_than > newer_than ? w->newer_than : newer_than;
		serve(c->street->catalogs, w);
		return;
	}
	w = d ? calloc(1, sizeof(*w)) : NULL;
	if (!w) {
		conn_event_kind(c, SESSION_EV_CATALOG_FAILED);
		return;
	}
	wait_add(c, d, w, newer_than);
	serve(c->street->catalogs, w);
}

static bool is_watched(const struct catalogs *all, const struct database *d)
{
	for (const struct conn *c = all->street->conns; c; c = c->next)
		if (c->catalog_of == d && c->phase == CONN_OPEN)
			return true;
	return false;
}

/* Read at once when sessions with masks are there. Else whoever asks next reads it: our snapshot would hold back a VACUUM. */
void catalogs_stale(struct conn *c)
{
	struct catalogs *all = c->street->catalogs;
	struct database *d = database_of(c);

	if (!d)
		return;
	d->valid_from = d->counter + 1;
	if (d->waits || is_watched(all, d))
		(void)load_start(all, d); /* who finds no memory here, finds out when it asks */
}

static void on_timer(uv_timer_t *t)
{
	struct catalogs *all = t->data;

	for (struct database *d = all->list; d; d = d->next) {
		uint64_t age_us = street_now().mono_us - d->loaded_us;

		if (!is_watched(all, d)) {
			if (!d->loading && !d->is_feeling) { /* nobody needs it: no connection is kept for it */
				upstream_pulse_free(d->pulse);
				d->pulse = NULL;
				d->beat = 0;
			}
		} else if (age_us >= (d->beat ? FRESH_WITH_PULSE_US : FRESH_US)) {
			(void)load_start(all, d);
		} else if (d->beat) {
			feel_start(all, d);
		}
	}
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
	(*out)->timer.data = *out;
	(void)uv_timer_init(&s->loop, &(*out)->timer);
	(void)uv_timer_start(&(*out)->timer, on_timer, TICK_MS, TICK_MS);
	uv_unref((uv_handle_t *)&(*out)->timer);
	return 0;
}

static void on_timer_closed(uv_handle_t *h)
{
	free(h->data);
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
		upstream_pulse_free(d->pulse);
		free(d->name);
		free(d);
	}
	uv_close((uv_handle_t *)&all->timer, on_timer_closed);
}
