/* Snapshots of the databases and the labels over them: what catalogs.c and catalog_labels.c share. */
#ifndef IO_CATALOGS_H
#define IO_CATALOGS_H

#include "../street.h"

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
	uint64_t felt_us; /* it was still that then */
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

/* ---- catalogs.c ---- */
void catalogs_serve(struct catalogs *all, struct database *d); /* every wait that can be answered */
void catalogs_wait_fail(struct catalog_wait *w);
const struct policy_role *catalogs_role_of(struct conn *c);
struct catalog_job *catalogs_job_new(struct catalogs *all, struct database *d);
int catalogs_job_start(struct catalog_job *j, uv_work_cb work, uv_after_work_cb after); /* takes the job; NULL: no memory for it */

/* ---- catalog_labels.c ---- */
struct label_entry **catalogs_find_labels(struct database *d, const struct policy *p, const struct policy_role *role,
	const struct catalog *snapshot);
int catalogs_build_labels(struct catalogs *all, struct database *d, struct conn *c, const struct policy_role *role);
void catalogs_evict_labels(struct database *d); /* of former snapshots */

#endif
