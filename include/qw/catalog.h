/* What a target database contains. A snapshot is immutable once built and shared by reference count; the upstream room
 * fills a builder with what the server answered. Pure. */
#ifndef QW_CATALOG_H
#define QW_CATALOG_H

#include "qw/base.h"

/*
 * MySQL and MariaDB: a schema is a database, and the snapshot holds all that the login may see. OIDs are ours: they number the
 * relations of this snapshot, those of users from 16384 on. Names are as the server compares them: columns in lower case (ASCII;
 * other letters as declared: compare them exactly and refuse what is not found), tables and databases as declared or, where
 * lower_case_table_names is not 0, in lower case; information_schema in lower case. type_oid: the column type of the protocol, + 256 if no
 * text. A view depends on each column whose name occurs in its definition; its columns have an origin where one SELECT shows them as is.
 */
enum catalog_dialect { CATALOG_POSTGRES, CATALOG_MYSQL };
/* Where a view's output column comes from, as the server itself resolved it (MySQL: wrote it). */
struct catalog_origin { uint32_t relation_oid; int16_t attnum; }; /* relation_oid 0: an expression */

struct catalog_column {
	const char *name;
	int16_t attnum; /* as on the wire; dropped columns are absent */
	uint32_t type_oid;
	struct catalog_origin origin; /* views only: RowDescription origin of the defining query */
	bool is_hidden; /* MySQL's INVISIBLE: not in * */
};
struct catalog_generated { int16_t attnum, from; }; /* column `attnum` is computed from `from` of the same row; 0: nobody knows from what */

enum catalog_relkind { CATALOG_TABLE, CATALOG_VIEW, CATALOG_MATVIEW, CATALOG_FOREIGN, CATALOG_PARTITIONED, CATALOG_OTHER };

struct catalog_relation {
	uint32_t oid;
	const char *schema, *name;
	enum catalog_relkind kind;
	struct catalog_column *columns; size_t column_count; /* sorted by attnum */
	struct catalog_origin *depends; size_t depend_count; /* views: every base column that the definition mentions (attnum 0: all) */
	uint32_t *parents; size_t parent_count; /* inheritance and partitions: direct parents */
	struct catalog_generated *generated; size_t generated_count; /* generated columns: what they are made of */
	bool is_unresolved; /* a view that the server could not describe: all its columns count as sensitive */
	const char *definition; /* MySQL: of a view, names qualified by the server; else NULL */
};

struct catalog; /* the snapshot */
struct catalog *catalog_ref(struct catalog *c); void catalog_unref(struct catalog *c); /* NULL is fine */
bool catalog_same(const struct catalog *a, const struct catalog *b); /* hold the same, whatever their generations */
uint64_t catalog_generation(const struct catalog *c); size_t catalog_count(const struct catalog *c);
const struct catalog_relation *catalog_at(const struct catalog *c, size_t i); /* sorted by oid */
/* Is there a function of this name outside of pg_catalog and information_schema? Attribute notation, x.f, may call it. */
bool catalog_has_function(const struct catalog *c, const char *name);
const struct catalog_relation *catalog_find(const struct catalog *c, uint32_t oid);
enum catalog_dialect catalog_dialect(const struct catalog *c);
bool catalog_folds_tables(const struct catalog *c); /* MySQL: letter case of tables and aliases (ASCII) does not count */
/* By name, as the server compares names (MySQL: as it is set up). NULL: not in the snapshot. */
const struct catalog_relation *catalog_find_named(const struct catalog *c, const char *schema, const char *name);
int catalog_column_named(const struct catalog *c, const struct catalog_relation *r, const char *name); /* the same; index or -1 */
int catalog_column_index(const struct catalog_relation *r, int16_t attnum); /* in r->columns, or -1 */
/* ---- what runs: functions that are not the server's own and unchanged, operators, and what writing or a type runs ---- */
struct catalog_function {
	uint32_t oid;
	const char *schema, *name, *args; /* args: types of the input arguments, "integer, text" */
	const char *language, *owner, *extension; /* extension: that it belongs to, or NULL */
	char kind, volatility; /* as pg_proc has them: f p a w, i s v; MySQL also: e event, k package */
	bool is_security_definer;
	bool is_builtin; /* made by a script of initdb and unchanged: functions_by_name() knows it */
	const char *sha256; /* hex, over all that defines it; of an aggregate also over the functions it is made of; MySQL: or "unseen" */
};
/* NULL: as the server's version has it (functions_by_oid() knows it), or there is no such function. */
const struct catalog_function *catalog_function(const struct catalog *c, uint32_t oid);
size_t catalog_function_count(const struct catalog *c);
const struct catalog_function *catalog_function_at(const struct catalog *c, size_t i);
unsigned catalog_server_major(const struct catalog *c); /* 15 */
/* The fixed functions of the server are those of its version, but for those that catalog_function() tells of. */
bool catalog_is_verified(const struct catalog *c);
enum { CATALOG_QUIET_COMMENTS = 1, CATALOG_QUIET_DEFAULTS = 2, CATALOG_QUIET_ARGUMENTS = 4 /* their defaults */, CATALOG_QUIET_CHECKS = 8,
       CATALOG_QUIET_INDEXES = 16, CATALOG_QUIET_FILTERS = 32 /* of publications */, CATALOG_QUIET_ENUMS = 64 };
unsigned catalog_quiet(const struct catalog *c); /* kinds of definitions in which nothing of this database looks like data */
uint32_t catalog_operator_function(const struct catalog *c, uint32_t operator_oid); /* 0: no such operator */
/* An operator that operands of the server's own types may mean; a type of this name (not rows of tables, nor arrays) that is not the
   server's own. The type "": somebody made a cast between types of the server. */
bool catalog_has_operator(const struct catalog *c, const char *name); bool catalog_has_type(const struct catalog *c, const char *name);
bool catalog_knows_type(const struct catalog *c, uint32_t oid); /* of users' types; of a name the i-th, 0: no more */
uint32_t catalog_type_named(const struct catalog *c, const char *name, size_t i);

/* What the server compares or computes for a write: its failing tells of other rows, or of columns that the write does not set. */
enum catalog_rule_kind { CATALOG_UNIQUE, CATALOG_REFERENCE, CATALOG_CHECK };
struct catalog_rule {
	enum catalog_rule_kind kind;
	uint32_t relation, parent; /* the one it is of; REFERENCE: and the one that is referenced */
	const int16_t *keys, *parent_keys; /* UNIQUE, REFERENCE: bare columns; of the parent beside them */
	const int16_t *others; /* columns inside of expressions and conditions; 0: any of them */
	size_t key_count, other_count;
	bool is_equality; /* the keys are compared by = alone */
	bool nulls_differ; /* UNIQUE: one NULL among the keys, and nothing is compared */
	bool is_fixed; /* CHECK: every row fulfils it, and will until one of its columns is written */
};

enum { CATALOG_ON_INSERT = 1, CATALOG_ON_UPDATE = 2, CATALOG_ON_DELETE = 4, CATALOG_ON_TRUNCATE = 8 };
/* Something besides the statement's own work. `subject`: relation or type OID. */
struct catalog_hazard {
	uint32_t subject;
	unsigned on; /* relations: CATALOG_ON_*; 0: already when it is read. Types: 0 */
	bool is_shown; /* the tree of a statement shows it: acts only in COPY and what foreign keys do */
	bool for_children; /* is the hazard of the relation's children, too */
	bool trusts_extensions; /* functions in C that an extension brought are reviewed by who installed it: types' input, sorting */
	const char *text; /* "trigger t_audit on public.orders runs public.log()"; the functions are added; NULL: see below */
	const char *detail; /* its definition as the server keeps it; when building only, NULL in a snapshot */
	const char *sha256, *said; /* not given when building: hex, over text, detail and functions' definitions; "TEXT [sha256 HEX]" */
	const uint32_t *functions; /* that it runs, without those that are plain; when all are reviewed it is none */
	size_t function_count; /* 0: no function alone makes it harmless */
	uint32_t then_relation; /* text NULL: what writing also does to another relation (foreign keys): */
	unsigned then_on; /* CATALOG_ON_* */
	uint32_t type; /* text NULL: hazards of this type are hazards of the subject */
	const struct catalog_rule *rule; /* with text: nothing runs, but this may fail. With then_relation: the foreign key; or NULL */
};
/* Those of one subject, one after the other; *count may be 0. */
const struct catalog_hazard *catalog_hazards(const struct catalog *c, uint32_t subject, size_t *count);
/* Direct children (inheritance, partitions), sorted. */
const uint32_t *catalog_children(const struct catalog *c, uint32_t relation_oid, size_t *count);
/* Types that a type is made of (domain's base, elements, attributes): their hazards are its own. Sorted. */
const uint32_t *catalog_type_parts(const struct catalog *c, uint32_t type_oid, size_t *count);

/*
 * ---- building: copies everything it is given ----
 * In any order, but a relation before its columns, and a view's columns before their origins. NOTFOUND: that order was
 * broken (the relation or column is not there); DUPLICATE: added twice; MALFORMED: oid 0, attnum < 1 of a column, no
 * name; NOMEM. What failed changed nothing. Parents and what views depend on need not be in the snapshot.
 */
struct catalog_builder *catalog_builder_new(uint64_t generation); /* NULL: no memory */
void catalog_builder_free(struct catalog_builder *b);
int catalog_add_relation(struct catalog_builder *b, uint32_t oid, const char *schema, const char *name, enum catalog_relkind) QW_MUST_CHECK;
int catalog_add_column(struct catalog_builder *b, uint32_t relation_oid, int16_t attnum, const char *name, uint32_t type_oid) QW_MUST_CHECK;
int catalog_add_parent(struct catalog_builder *b, uint32_t relation_oid, uint32_t parent_oid) QW_MUST_CHECK;
int catalog_add_depend(struct catalog_builder *b, uint32_t view_oid, struct catalog_origin on) QW_MUST_CHECK;
int catalog_set_origin(struct catalog_builder *b, uint32_t view_oid, int16_t attnum, struct catalog_origin from) QW_MUST_CHECK;
int catalog_add_generated(struct catalog_builder *b, uint32_t relation_oid, struct catalog_generated g) QW_MUST_CHECK;
int catalog_set_unresolved(struct catalog_builder *b, uint32_t view_oid) QW_MUST_CHECK;
void catalog_set_mysql(struct catalog_builder *b, bool folds_tables); /* lower_case_table_names is not 0 */
int catalog_set_hidden(struct catalog_builder *b, uint32_t relation_oid, int16_t attnum) QW_MUST_CHECK;
int catalog_set_definition(struct catalog_builder *b, uint32_t view_oid, const char *text) QW_MUST_CHECK;
int catalog_add_function(struct catalog_builder *b, const char *name) QW_MUST_CHECK; /* may come more than once */
/* These may come in any order; what they name need not be in the snapshot. Strings of `f` and `h` are copied. */
void catalog_set_server(struct catalog_builder *b, unsigned major, bool is_verified);
void catalog_set_quiet(struct catalog_builder *b, unsigned kinds);
int catalog_add_function_known(struct catalog_builder *b, const struct catalog_function *f) QW_MUST_CHECK;
int catalog_add_operator(struct catalog_builder *b, uint32_t oid, uint32_t function_oid, const char *user_name) QW_MUST_CHECK;
int catalog_add_type(struct catalog_builder *b, uint32_t oid, const char *name) QW_MUST_CHECK; /* 0, NULL: not told */
int catalog_add_type_part(struct catalog_builder *b, uint32_t type_oid, uint32_t part_oid) QW_MUST_CHECK;
int catalog_add_hazard(struct catalog_builder *b, const struct catalog_hazard *h) QW_MUST_CHECK;
struct catalog *catalog_builder_finish(struct catalog_builder *b); /* frees the builder; NULL: out of memory */

#endif
