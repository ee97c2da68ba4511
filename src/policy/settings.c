/*
 * Classes of PostgreSQL's session settings that change nothing but what they are named for. Not in any: what changes how text
 * is read (see set.pinned), who the session is, what is logged or printed (debug_*, log_*, client_min_messages), which schema a
 * name is looked for in, and what takes memory.
 */
#include "policy_int.h"

#define CLIENT "application_name", "timezone", "datestyle", "intervalstyle", "extra_float_digits", "bytea_output", "client_encoding", \
	"standard_conforming_strings", "lc_monetary", "lc_numeric", "lc_time", "xmlbinary", "xmloption"
#define TIMEOUT "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", \
	"transaction_timeout"
#define TRANSACTION "default_transaction_isolation", "default_transaction_read_only", "default_transaction_deferrable", \
	"transaction_isolation", "transaction_read_only", "transaction_deferrable"
#define PLANNER "enable_*", "jit", "geqo", "plan_cache_mode", "random_page_cost", "seq_page_cost", "cpu_tuple_cost", \
	"cpu_index_tuple_cost", "cpu_operator_cost", "parallel_setup_cost", "parallel_tuple_cost", "effective_cache_size", \
	"cursor_tuple_fraction", "from_collapse_limit", "join_collapse_limit", "constraint_exclusion", \
	"default_text_search_config"

static const char *const class_words[] = {"@client", "@timeout", "@transaction", "@planner", "@harmless", NULL};
static const char *const client[] = {CLIENT, NULL};
static const char *const timeout[] = {TIMEOUT, NULL};
static const char *const transaction[] = {TRANSACTION, NULL};
static const char *const planner[] = {PLANNER, NULL};
static const char *const harmless[] = {CLIENT, TIMEOUT, TRANSACTION, PLANNER, NULL};
static const char *const *const class_members[] = {client, timeout, transaction, planner, harmless};

const char *const *settings_classes(void)
{
	return class_words;
}

const char *const *settings_of_class(const char *word)
{
	size_t i;

	for (i = 0; class_words[i]; i++)
		if (strcmp(class_words[i], word) == 0)
			return class_members[i];
	return NULL;
}

const char *policy_setting_class(const char *name)
{
	size_t i, k;

	for (i = 0; class_words[i]; i++)
		for (k = 0; class_members[i][k]; k++)
			if (policy_pattern_match(class_members[i][k], name))
				return class_words[i];
	return NULL;
}
