/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: takes mod_watchdog's functions away from the modules that look for them, as if it were not there; some
 * distributions build it into httpd. */
#include <httpd.h>
#include <http_config.h>

#include <apr_optional.h>

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    apr_dynamic_fn_register("ap_watchdog_get_instance", NULL);
}

module AP_MODULE_DECLARE_DATA no_watchdog_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, AP_MODULE_FLAG_NONE,
};
