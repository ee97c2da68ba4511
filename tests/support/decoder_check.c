#include "decoder_check.h"

const struct decoder_check *decoder_check_find(const char *name)
{
	for (size_t i = 0; i < decoder_check_count; i++) {
		if (strcmp(decoder_checks[i].name, name) == 0)
			return &decoder_checks[i];
	}
	return NULL;
}
