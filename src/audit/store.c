#include "store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct shared {
	struct store store;
	struct shared *next;
	pthread_rwlock_t
		lock; /* held for reading by every transaction, for writing by store_reopen */
	char *directory;
	size_t map_bytes;
	dev_t dev;
	ino_t ino;
	unsigned users;
	bool writes;
};

/* What this process has open. See store.h for why there must be such a list. */
static struct shared *open_stores;
static pthread_mutex_t open_stores_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct {
	const char *name;
	unsigned flags;
} tables[STORE_TABLES] = {
	[STORE_META] = {"meta", 0},
	[STORE_RECORDS] = {"records", 0},
	[STORE_SESSIONS] = {"sessions", MDB_DUPSORT | MDB_DUPFIXED},
	[STORE_OPENS] = {"opens", 0},
	[STORE_APPROVALS] = {"approvals", 0},
	[STORE_APPROVAL_IDS] = {"approval_ids", 0},
	[STORE_APPROVAL_OPEN] = {"approval_open", 0},
};

void store_put_be64(uint8_t out[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

uint64_t store_be64(MDB_val v)
{
	const uint8_t *p = v.mv_data;
	uint64_t n = 0;

	if (v.mv_size != 8)
		return 0;
	for (int i = 0; i < 8; i++)
		n = n << 8 | p[i];
	return n;
}

int store_error(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return QW_E_NOTFOUND;
	case ENOMEM:
		return QW_E_NOMEM;
	default: /* LMDB's and the system's numbers, not ours */
		return QW_E_IO;
	}
}

static int open_tables(struct shared *s)
{
	unsigned create = s->writes ? MDB_CREATE : 0;
	MDB_txn *txn;
	int rc = mdb_txn_begin(s->store.env, NULL, s->writes ? 0 : MDB_RDONLY, &txn);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < STORE_TABLES; i++)
		rc = mdb_dbi_open(
			txn, tables[i].name, tables[i].flags | create, &s->store.table[i]);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

/*
 * A store that was cut off would end this process with SIGBUS at its first missing page. Some of
 * the last pages may be missing for a good reason: a transaction that frees what it has just taken
 * does not write it.
 */
static int check_size(MDB_env *env)
{
	enum { SLACK_PAGES = 256 };
	MDB_envinfo info;
	struct stat st;
	MDB_stat pages;
	int fd, rc = mdb_env_get_fd(env, &fd);

	if (!rc)
		rc = mdb_env_info(env, &info);
	if (!rc)
		rc = mdb_env_stat(env, &pages);
	if (rc)
		return rc;
	if (fstat(fd, &st) != 0)
		return errno;
	if (info.me_last_pgno < SLACK_PAGES)
		return 0;
	return (uint64_t)st.st_size / pages.ms_psize < info.me_last_pgno - SLACK_PAGES
		       ? MDB_CORRUPTED
		       : 0;
}

static int open_env(struct shared *s)
{
	/* Default sync; never MDB_WRITEMAP. NOTLS: a read transaction belongs to its handle, not to
	 * its thread. */
	unsigned flags = MDB_NOTLS | (s->writes ? 0 : MDB_RDONLY);
	int rc = mdb_env_create(&s->store.env);
	int dead;

	if (rc) {
		s->store.env = NULL;
		return rc;
	}
	rc = mdb_env_set_maxdbs(s->store.env, STORE_TABLES);
	if (!rc && s->map_bytes)
		rc = mdb_env_set_mapsize(s->store.env, s->map_bytes);
	if (!rc)
		rc = mdb_env_open(s->store.env, s->directory, flags, 0600);
	if (!rc)
		rc = check_size(s->store.env);
	if (!rc)
		(void)mdb_reader_check(s->store.env, &dead); /* slots of readers that were killed */
	if (!rc)
		rc = open_tables(s);
	if (rc) {
		mdb_env_close(s->store.env);
		s->store.env = NULL;
	}
	return rc;
}

static void shared_free(struct shared *s)
{
	if (!s)
		return;
	if (s->store.env)
		mdb_env_close(s->store.env);
	pthread_rwlock_destroy(&s->lock);
	free(s->directory);
	free(s);
}

static struct shared *shared_new(const char *directory, size_t map_bytes, bool writes)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s || pthread_rwlock_init(&s->lock, NULL) != 0) {
		free(s);
		return NULL;
	}
	s->directory = strdup(directory);
	s->map_bytes = map_bytes;
	s->writes = writes;
	s->users = 1;
	s->store.shared = s;
	if (!s->directory) {
		shared_free(s);
		return NULL;
	}
	return s;
}

static struct shared *find_open(const struct stat *st)
{
	for (struct shared *s = open_stores; s; s = s->next) {
		if (s->dev == st->st_dev && s->ino == st->st_ino)
			return s;
	}
	return NULL;
}

static int open_new(const char *directory, size_t map_bytes, bool writes, struct shared **out,
	char *why, size_t why_size)
{
	struct shared *s = shared_new(directory, map_bytes, writes);
	int rc;

	if (!s)
		return QW_E_NOMEM;
	rc = open_env(s);
	if (rc) {
		(void)snprintf(why, why_size, "%s: cannot open the store: %s", directory,
			rc == MDB_NOTFOUND || rc == ENOENT ? "there is none" : mdb_strerror(rc));
		shared_free(s);
		return rc == ENOENT ? QW_E_NOTFOUND : store_error(rc);
	}
	*out = s;
	return 0;
}

static int open_any(const char *directory, size_t map_bytes, bool writes, struct store **out,
	char *why, size_t why_size)
{
	struct shared *s;
	struct stat st;
	int err = 0;

	*out = NULL;
	if (stat(directory, &st) != 0) {
		(void)snprintf(why, why_size, "%s: %s", directory, strerror(errno));
		return errno == ENOENT ? QW_E_NOTFOUND : QW_E_IO;
	}
	pthread_mutex_lock(&open_stores_lock);
	s = find_open(&st);
	if (s && writes) {
		(void)snprintf(why, why_size, "%s: is open in this process already", directory);
		err = QW_E_STATE;
	} else if (s) {
		s->users++;
	} else {
		err = open_new(directory, map_bytes, writes, &s, why, why_size);
		if (!err) {
			s->dev = st.st_dev;
			s->ino = st.st_ino;
			s->next = open_stores;
			open_stores = s;
		}
	}
	pthread_mutex_unlock(&open_stores_lock);
	if (!err)
		*out = &s->store;
	return err;
}

int store_open_write(
	const char *directory, size_t map_bytes, struct store **out, char *why, size_t why_size)
{
	return open_any(directory, map_bytes, true, out, why, why_size);
}

int store_open_read(const char *directory, struct store **out, char *why, size_t why_size)
{
	return open_any(directory, 0, false, out, why, why_size);
}

void store_release(struct store *store)
{
	struct shared *s = store ? store->shared : NULL;

	if (!s)
		return;
	pthread_mutex_lock(&open_stores_lock);
	if (--s->users > 0) {
		s = NULL;
	} else {
		struct shared **at = &open_stores;

		while (*at != s)
			at = &(*at)->next;
		*at = s->next;
		/* Closed under the lock: nobody may open it again before its file locks are gone.
		 */
		shared_free(s);
	}
	pthread_mutex_unlock(&open_stores_lock);
}

int store_begin(struct store *store, bool writes, MDB_txn **txn)
{
	struct shared *s = store->shared;
	int rc;

	pthread_rwlock_rdlock(&s->lock);
	if (!s->store.env)
		rc = MDB_PANIC; /* store_reopen failed so far */
	else
		rc = mdb_txn_begin(s->store.env, NULL, writes ? 0 : MDB_RDONLY, txn);
	if (rc == MDB_MAP_RESIZED && !s->writes)
		rc = MDB_PANIC; /* a gateway was restarted with a larger map: open again, take its
				   size */
	if (rc) {
		*txn = NULL;
		pthread_rwlock_unlock(&s->lock);
	}
	return rc;
}

int store_end(struct store *store, MDB_txn *txn, bool commit)
{
	struct shared *s = store->shared;
	int rc = 0;

	if (commit)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
	pthread_rwlock_unlock(&s->lock);
	return rc;
}

void store_abort(struct store *store, MDB_txn *txn)
{
	struct shared *s = store->shared;

	mdb_txn_abort(txn);
	pthread_rwlock_unlock(&s->lock);
}

void store_reopen(struct store *store)
{
	struct shared *s = store->shared;

	pthread_rwlock_wrlock(&s->lock);
	if (s->store.env)
		mdb_env_close(s->store.env);
	s->store.env = NULL;
	(void)open_env(s); /* store_begin tells */
	pthread_rwlock_unlock(&s->lock);
}
