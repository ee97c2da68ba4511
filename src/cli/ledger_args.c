#include "ledger_args.h"

#include "page.h"

#include "qw/config.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_DEFAULT = 50, PREFIX_MIN = 4 };

struct qw_bytes ledger_field(struct qw_bytes fields, enum qw_record_field f)
{
	struct qw_bytes v;

	(void)qw_record_find(fields, f, &v); /* empty when it is not there */
	return v;
}

/* Names from the command line go to the terminal too: they may come from a script that read them
 * elsewhere. */
static void complain(const char *what, const char *about)
{
	struct page p;

	page_init(&p);
	page_text(&p, what);
	page_safe(&p, qw_bytes_from(about));
	page_text(&p, "\n");
	(void)!page_flush(&p, stderr);
	page_fini(&p);
}

static int parse_limit(const char *text, size_t *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || v > 1000000000)
		return QW_E_CONFIG;
	*out = v;
	return 0;
}

static int parse_valued(const char *name, const char *value, struct ledger_args *out)
{
	if (!value) {
		complain("a value is missing after ", name);
		return QW_E_CONFIG;
	}
	if (strcmp(name, "--config") == 0) {
		out->config = value;
	} else if (strcmp(name, "--audit") == 0) {
		out->audit = value;
	} else if (parse_limit(value, &out->limit) != 0) {
		complain("not a number: ", value);
		return QW_E_CONFIG;
	}
	return 0;
}

static int parse_one(char **at, struct ledger_args *out, int *taken)
{
	const char *arg = at[0];

	*taken = 1;
	if (strcmp(arg, "--json") == 0) {
		out->json = true;
	} else if (strcmp(arg, "--transcript") == 0) {
		out->transcript = true;
	} else if (strcmp(arg, "--config") == 0 || strcmp(arg, "--audit") == 0 ||
		   strcmp(arg, "--limit") == 0) {
		*taken = 2;
		return parse_valued(arg, at[1], out);
	} else if (arg[0] == '-' || out->id) {
		complain(arg[0] == '-' ? "unknown option " : "one argument too many: ", arg);
		return QW_E_CONFIG;
	} else {
		out->id = arg;
	}
	return 0;
}

int ledger_args_parse(int argc, char **argv, struct ledger_args *out)
{
	int taken;

	*out = (struct ledger_args){.limit = LIMIT_DEFAULT};
	for (int i = 1; i < argc; i += taken) {
		int err = parse_one(argv + i, out, &taken); /* argv[argc] is NULL */

		if (err)
			return err;
	}
	if (!out->config == !out->audit) {
		(void)fputs("give either --config FILE or --audit DIR\n", stderr);
		return QW_E_CONFIG;
	}
	return 0;
}

static int open_directory(const char *directory, struct audit_reader **out)
{
	char why[512];
	int err = audit_reader_open(directory, out, why, sizeof(why));

	if (err)
		complain("cannot read the audit record: ", why[0] ? why : qw_error_text(err));
	return err;
}

int ledger_args_open(const struct ledger_args *args, struct audit_reader **out)
{
	struct config_problem problem = {0};
	struct config c;
	int err;

	if (args->audit)
		return open_directory(args->audit, out);
	err = config_load(args->config, &c, &problem);
	if (err) {
		(void)fprintf(stderr, "%s:%u:%u: ", args->config, problem.line, problem.column);
		complain("", problem.text[0] ? problem.text : qw_error_text(err));
		return err;
	}
	err = open_directory(c.audit.directory, out);
	config_fini(&c);
	return err;
}

struct find {
	const char *prefix;
	size_t length, matches;
	uint8_t id[QW_SESSION_ID_BYTES];
};

static bool compare(void *ctx, uint64_t seq, struct qw_bytes record)
{
	char hex[2 * QW_SESSION_ID_BYTES + 1];
	struct find *f = ctx;
	struct qw_record_header h;
	struct qw_bytes fields;

	(void)seq;
	if (qw_record_open(record, &h, &fields))
		return true;
	qw_hex(qw_bytes(h.session, QW_SESSION_ID_BYTES), hex);
	if (strncmp(hex, f->prefix, f->length) == 0 &&
		(f->matches == 0 || memcmp(f->id, h.session, QW_SESSION_ID_BYTES) != 0)) {
		memcpy(f->id, h.session, QW_SESSION_ID_BYTES);
		f->matches++;
	}
	return f->matches < 2;
}

int ledger_find_session(struct audit_reader *r, const char *name, uint8_t id[QW_SESSION_ID_BYTES])
{
	char lower[2 * QW_SESSION_ID_BYTES + 1] = "";
	struct find f = {.prefix = lower, .length = strlen(name)};
	int err;

	memset(id, 0, QW_SESSION_ID_BYTES);
	if (strcmp(name, "gateway") == 0)
		return 0;
	if (f.length < PREFIX_MIN || f.length >= sizeof(lower) ||
		strspn(name, "0123456789abcdefABCDEF") != f.length) {
		complain("not a session id (at least 4 hexadecimal digits): ", name);
		return QW_E_NOTFOUND;
	}
	for (size_t i = 0; i < f.length; i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'F' ? name[i] + 32 : name[i]);
	err = audit_each_session(r, compare, &f);
	if (err) {
		complain("cannot read the audit record: ", qw_error_text(err));
		return err;
	}
	if (f.matches != 1) {
		complain(f.matches ? "more than one session starts with "
				   : "no session starts with ",
			name);
		return f.matches ? QW_E_DUPLICATE : QW_E_NOTFOUND;
	}
	memcpy(id, f.id, QW_SESSION_ID_BYTES);
	return 0;
}
