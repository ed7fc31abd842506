/* SPDX-License-Identifier: Apache-2.0 */
/* mod_rcidp: Apache httpd as the SAML 2.0 identity provider for RingCentral. The module record and its hooks.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>
#include <mpm_common.h>
#include <unixd.h>

#include <grp.h>
#include <unistd.h>

#include "src/access.h"
#include "src/audit.h"
#include "src/body.h"
#include "src/check.h"
#include "src/config.h"
#include "src/denial.h"
#include "src/directives.h"
#include "src/dump.h"
#include "src/launch.h"
#include "src/lasso.h"
#include "src/library.h"
#include "src/notice.h"
#include "src/portal.h"
#include "src/publish.h"
#include "src/quota.h"
#include "src/sections.h"
#include "src/sign_in.h"
#include "src/steps.h"
#include "src/status.h"
#include "src/signing_process.h"
#include "src/test.h"

/* As each child becomes httpd's User, it looks up that user's groups. What the name service loads for it has
 * the loader look at every library there is, and its pages count in each child, unless that was done here. */
static void load_name_service(void)
{
    gid_t group;
    int count = 1;

    if (geteuid() == 0 && ap_unixd_config.user_name)
        getgrouplist(ap_unixd_config.user_name, ap_unixd_config.group_id, &group, &count);
}

/* Libraries start in the parent, so that its children share what they keep. */
static int start_libraries(apr_pool_t *pool, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const char *error = rcidp_sections_needs_lasso(ptemp, s) ? rcidp_lasso_init(pool) : NULL;

    (void)plog;
    if (!error)
        error = rcidp_library_init(); /* Lasso starts xmlsec whether it is up or not */
    if (error)
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "RCIDP50: nothing can be signed: %s", error);
    load_name_service();
    return OK;
}

static void init_child(apr_pool_t *pool, server_rec *s)
{
    rcidp_notice_child_init(pool, s);
    rcidp_quota_child_init(pool, s);
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const watchdog[] = {"mod_watchdog.c", NULL};

    (void)pool;
    ap_hook_pre_config(rcidp_quota_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_config(rcidp_audit_pre_config, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_config(rcidp_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(rcidp_dump_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(start_libraries, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(rcidp_quota_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(rcidp_notice_post_config, NULL, watchdog, APR_HOOK_MIDDLE);
    ap_hook_post_config(rcidp_status_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, rcidp_status_show, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(rcidp_process_start, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_child_init(init_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(rcidp_process_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(rcidp_process_leave, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* After all that lead elsewhere, before the core. */
    ap_hook_translate_name(rcidp_steps_translate, NULL, NULL, APR_HOOK_LAST);
    /* Before the core reads .htaccess, or takes over what it has read. */
    ap_hook_open_htaccess(rcidp_steps_htaccess, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(rcidp_steps_map, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* Early, so that no other module answers, or asks for a password, first. */
    ap_hook_post_perdir_config(rcidp_steps_before_authentication, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_post_perdir_config(rcidp_access_quieten, NULL, NULL, APR_HOOK_FIRST);
    /* Before any other module shows a sign-in page, or has the browser ask for a password. */
    ap_hook_access_checker(rcidp_sign_in_access, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_user_id(rcidp_sign_in_user, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_user_id(rcidp_access_adopt_user, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_register_input_filter(RCIDP_BODY_FILTER, rcidp_body_filter, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_access_checker_ex(rcidp_denial_expect, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_auth_checker(rcidp_denial_expect, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_error_filter(rcidp_denial_insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_register_output_filter(RCIDP_DENIAL_FILTER, rcidp_denial_filter, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_type_checker(rcidp_steps_type, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* Before mod_dir's and mod_speling's, which are last. */
    ap_hook_fixups(rcidp_steps_fixup, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(rcidp_launch_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(rcidp_portal_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(rcidp_test_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(rcidp_publish_handler, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(rcidp) = {
    STANDARD20_MODULE_STUFF,   rcidp_config_create_dir, rcidp_config_merge_dir, rcidp_config_create_server,
    rcidp_config_merge_server, rcidp_directives,        register_hooks,         AP_MODULE_FLAG_NONE,
};
