/*
 * Content detectors: the third line. What each result column is looked at for is decided once, when the column is described; what
 * was found is counted for the record of the statement.
 */
#include "../machine.h"

#include <stdlib.h>

enum { COLUMN_NAMES_MAX = 32, FINDINGS_MAX = 200, FOUND_TEXT_MAX = 4000 };
/* pg_type.dat */
enum { OID_BYTEA = 17, OID_NAME = 19, OID_NODE_TREE = 194, OID_BYTEA_ARRAY = 1001, OID_NAME_ARRAY = 1003, OID_RECORD = 2249,
       OID_RECORD_ARRAY = 2287, OID_GENERATED_MIN = 10000, OID_USER_MIN = 16384 };

bool scan_wanted(const struct session *s)
{
	return s->role && policy_has_detectors(s->policy, s->role);
}

/* ---- what to look for ---- */

static enum detect_action action_of(enum policy_detect d)
{
	switch (d) {
	case POLICY_DETECT_OFF:
		return DETECT_OFF;
	case POLICY_DETECT_FLAG:
		return DETECT_FLAG;
	case POLICY_DETECT_MASK:
		break;
	}
	return DETECT_MASK;
}

/* Rows of the server's catalogs: those with a number of their own (BKI_ROWTYPE_OID), and what initdb numbers. */
static bool is_row_of_catalog(uint32_t type_oid)
{
	static const uint16_t rows[] = {71, 75, 81, 83, 210, 270, 272, 273, 1248, 2842, 2843, 4066, 6101};

	for (size_t i = 0; i < QW_COUNT(rows); i++)
		if (type_oid == rows[i])
			return true;
	return type_oid >= OID_GENERATED_MIN && type_oid < OID_USER_MIN;
}

static bool is_made_of_others(uint32_t type_oid)
{
	return type_oid >= OID_USER_MIN || type_oid == OID_RECORD || type_oid == OID_RECORD_ARRAY || is_row_of_catalog(type_oid);
}

/*
 * Binary forms of records and of users' types are theirs alone, yet text stands in them as it is. They are looked at, and what
 * would have to be hidden inside of one hides all of it. False: not to be looked at.
 */
static bool look_at(struct detect_column *d, const struct detect_set *set, const char *name, const struct pgwire_column *col,
	bool *is_opaque)
{
	bool is_known = detect_column_init(d, set, name, col->type_oid, col->format);
	/* texts that the detectors do not know as such */
	bool is_text = col->type_oid == OID_NODE_TREE || (col->format == 0 && is_row_of_catalog(col->type_oid));

	*is_opaque = !is_known && col->format == 1 && is_made_of_others(col->type_oid);
	if (*is_opaque || is_text)
		d->form = DETECT_FORM_TEXT;
	return (is_known || is_text || *is_opaque) && (set->masked | set->flagged);
}

/* Of all names that the column has, the strictest answer. */
static enum policy_detect ask(const struct session *s, const struct policy_column *names, size_t count, const char *detector)
{
	const struct policy_column expression = {0};
	enum policy_detect worst = POLICY_DETECT_OFF;

	if (count == 0)
		return policy_detect(s->policy, s->role, s->database, &expression, detector);
	for (size_t i = 0; i < count; i++) {
		enum policy_detect d = policy_detect(s->policy, s->role, s->database, &names[i], detector);

		worst = d > worst ? d : worst;
	}
	return worst;
}

static void set_for(const struct session *s, const struct policy_column *names, size_t count, bool is_definition,
	struct detect_set *out)
{
	enum detect_action actions[DETECT_KIND_COUNT];

	for (unsigned k = 0; k < DETECT_KIND_COUNT; k++)
		actions[k] = is_definition ? DETECT_MASK : action_of(ask(s, names, count, detect_kind_name((enum detect_kind)k)));
	detect_set_init(out, actions);
}

/* Literals of data may stand in definitions. Names of things are none, though an address may be the name of a role. */
static bool is_definition(const struct session *s, const struct pgwire_column *col, const struct label *l,
	const struct columns_source *from)
{
	if (!s->labels || col->type_oid == OID_NAME || col->type_oid == OID_NAME_ARRAY)
		return false;
	if (l->is_definition)
		return true;
	return col->table_oid ? labels_may_define(s->labels, col->table_oid) : from->shows_definitions;
}

static bool calls_label(const struct flow_result *f)
{
	char class[160];

	for (size_t i = 0; i < f->act_count; i++)
		if (f->acts[i].verb == QW_VERB_CALL && f->acts[i].name && f->acts[i].schema &&
			strcmp(f->acts[i].schema, "pg_catalog") == 0 &&
			policy_function_class(f->acts[i].name, class, sizeof(class)) && strstr(class, "@label"))
			return true;
	return false;
}

bool scan_shows_definitions(const struct session *s, const struct judged *j, const struct flow_result *f)
{
	if (!s->labels || !j)
		return false;
	if (j->shows_definitions || (f && calls_label(f)))
		return true;
	for (size_t i = 0; f && i < f->read_count; i++)
		if (labels_may_define(s->labels, f->reads[i]))
			return true;
	return false;
}

static bool keep_name(struct columns *c, size_t i, const struct pgwire_column *col, const struct policy_column *names, size_t count)
{
	const char *name = count ? qw_arena_printf(&c->arena, "%s.%s.%s", names[0].schema, names[0].table, names[0].column) :
				   qw_arena_strdup(&c->arena, qw_bytes_from(col->name));

	if (!c->scans)
		c->scans = qw_arena_alloc(&c->arena, c->count * sizeof(*c->scans));
	if (!name || !c->scans)
		return false;
	c->scans[i].name = name;
	return true;
}

bool scan_column(const struct session *s, struct columns *c, size_t i, const struct pgwire_column *col, const struct label *l,
	const struct columns_source *from)
{
	struct policy_column names[COLUMN_NAMES_MAX];
	const struct detect_set all = {.masked = (1u << DETECT_KIND_COUNT) - 1};
	struct detect_column d, other;
	struct detect_set set;
	size_t count;
	bool is_key_like, is_opaque;

	c->hides_plan = plans_tell(from, c, col);
	c->any_scanned |= c->hides_plan;
	if (!look_at(&d, &all, col->name, col, &is_opaque))
		return true; /* numbers and the like */
	count = s->labels && col->table_oid ? labels_names_of(s->labels, col->table_oid, col->attnum, names, COLUMN_NAMES_MAX) : 0;
	is_key_like = d.is_key_like;
	for (size_t k = 0; k < count && !is_key_like; k++) /* as x: it still is one */
		is_key_like = look_at(&other, &all, names[k].column, col, &is_opaque) && other.is_key_like;
	set_for(s, names, count, is_definition(s, col, l, from), &set);
	if (!look_at(&d, &set, col->name, col, &is_opaque))
		return true;
	if (!keep_name(c, i, col, names, count))
		return false;
	d.is_key_like = is_key_like;
	c->scans[i].column = d;
	c->scans[i].is_opaque = is_opaque;
	c->scans[i].is_definition = is_definition(s, col, l, from);
	c->scans[i].is_composed = from->flow && i < from->flow->output_count && from->flow->outputs[i].is_composed;
	c->scans[i].is_bytes = col->type_oid == OID_BYTEA;
	c->scans[i].may_hold_hex = col->format == 0 && (col->type_oid == OID_BYTEA_ARRAY || is_made_of_others(col->type_oid));
	c->any_scanned = true;
	return true;
}

/* ---- what was found ---- */

struct finding { /* of one column of what a unit delivers */
	char *column;
	uint8_t kind;
	bool is_masked;
	uint64_t count;
};
struct findings {
	size_t count;
	struct finding list[FINDINGS_MAX];
};

void findings_free(struct findings *f)
{
	for (size_t i = 0; f && i < f->count; i++)
		free(f->list[i].column);
	free(f);
}

static struct finding *finding_of(struct findings *f, const char *column, unsigned kind, bool is_masked)
{
	struct finding *new;

	for (size_t i = 0; i < f->count; i++)
		if (f->list[i].kind == kind && f->list[i].is_masked == is_masked && strcmp(f->list[i].column, column) == 0)
			return &f->list[i];
	if (f->count == FINDINGS_MAX)
		return &f->list[FINDINGS_MAX - 1]; /* counted with the last: the number of findings stays true */
	new = &f->list[f->count];
	*new = (struct finding){.column = strdup(column), .kind = (uint8_t)kind, .is_masked = is_masked};
	if (!new->column)
		return NULL;
	f->count++;
	return new;
}

void scan_found(struct session *s, struct unit *u, const char *column, const struct detect_found *found)
{
	if (!u->findings)
		u->findings = calloc(1, sizeof(*u->findings));
	for (unsigned k = 0; u->findings && k < DETECT_KIND_COUNT; k++)
		for (int is_masked = 0; is_masked < 2; is_masked++) {
			struct finding *f;

			if (!((is_masked ? found->masked : found->flagged) >> k & 1))
				continue;
			f = finding_of(u->findings, column, k, is_masked);
			if (!f) {
				session_out_of_memory(s);
				return;
			}
			f->count++;
			s->info.found_masked += (uint64_t)is_masked;
			s->info.found_flagged += (uint64_t)!is_masked;
		}
	if (!u->findings)
		session_out_of_memory(s);
}

/* "public.notes.body=card:masked:2 public.notes.body=email:flagged:7" */
void scan_record(struct qw_record *r, const struct unit *u)
{
	struct qw_buf text;

	if (!u->findings)
		return;
	qw_buf_init(&text, FOUND_TEXT_MAX);
	for (size_t i = 0; i < u->findings->count; i++) {
		const struct finding *f = &u->findings->list[i];

		if (qw_buf_printf(&text, "%s%s=%s:%s:%llu", i ? " " : "", f->column, detect_kind_name((enum detect_kind)f->kind),
			    f->is_masked ? "masked" : "flagged", (unsigned long long)f->count))
			break; /* the rest is in the response */
	}
	qw_record_bytes(r, QW_FIELD_FOUND, qw_buf_pending(&text));
	qw_buf_fini(&text);
}

/* Once in a session: a query of every second must not fill the log. */
void scan_log(struct session *s, const struct unit *u)
{
	if (!u->findings || s->found_logged)
		return;
	s->found_logged = true;
	session_log(s, "content.found", "content detectors found something; the records of this session tell what and where");
}
