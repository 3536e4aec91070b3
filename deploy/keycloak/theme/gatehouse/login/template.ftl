<#-- The frame of every page, in place of Keycloak's: nothing in it needs a script inside the page, so none is allowed. -->
<#macro username>
  <div class="${properties.kcFormGroupClass}">
    <label for="kc-attempted-username" class="${properties.kcFormLabelClass}">
      <span class="${properties.kcFormLabelTextClass}"><#if !realm.loginWithEmailAllowed>${msg("username")}<#elseif !realm.registrationEmailAsUsername>${msg("usernameOrEmail")}<#else>${msg("email")}</#if></span>
    </label>
    <span class="${properties.kcInputClass} ${properties.kcFormReadOnlyClass}">
      <input id="kc-attempted-username" value="${auth.attemptedUsername}" autocomplete="username" readonly>
    </span>
    <a id="reset-login" href="${url.loginRestartFlowUrl}">${msg("restartLoginTooltip")}</a>
  </div>
</#macro>

<#-- One button that posts one field to where the page's form goes. -->
<#macro aside id name value label>
  <form id="kc-${id}-form" class="${properties.kcFormClass} gh-aside" action="${url.loginAction}" method="post">
    <button type="submit" id="${id}" name="${name}" value="${value}" class="${properties.kcButtonSecondaryClass} ${properties.kcButtonBlockClass}">${label}</button>
  </form>
</#macro>

<#macro registrationLayout bodyClass="" displayInfo=false displayMessage=true displayRequiredFields=false>
<!DOCTYPE html>
<html class="${properties.kcHtmlClass!}" lang="${lang}"<#if realm.internationalizationEnabled> dir="${locale.rtl?then("rtl", "ltr")}"</#if>>
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title!}</title>
  <link rel="icon" href="${url.resourcesPath}/img/favicon.ico">
  <#list properties.stylesCommon?split(" ") as style>
  <link rel="stylesheet" href="${url.resourcesCommonPath}/${style}">
  </#list>
  <#list properties.styles?split(" ") as style>
  <link rel="stylesheet" href="${url.resourcesPath}/${style}">
  </#list>
  <script type="module" src="${url.resourcesPath}/js/passwordVisibility.js"></script>
  <script type="module" src="${url.resourcesPath}/js/page.js"></script>
  <#-- The head has no end tag, which HTML allows: Keycloak puts a script of its own before one, after each POST
       (org.keycloak.services.util.BrowserHistoryHelper). page.js does what that script is for. -->
<body id="keycloak-bg" data-page-id="login-${pageId}" data-other-tabs="${url.ssoLoginInOtherTabsUrl}"<#if authenticationSession??> data-attempt="${authenticationSession.authSessionIdHash}"</#if>>
<div class="${properties.kcLogin!}">
  <div class="${properties.kcLoginContainer!}">
    <header id="kc-header" class="pf-v5-c-login__header">
      <div id="kc-header-wrapper" class="pf-v5-c-brand">${kcSanitize(msg("loginTitleHtml", (realm.displayNameHtml!"")))?no_esc}</div>
    </header>
    <main class="${properties.kcLoginMain!}">
      <div class="${properties.kcLoginMainHeader!}">
        <h1 class="${properties.kcLoginMainTitle!}" id="kc-page-title"><#nested "header"></h1>
      </div>
      <div class="${properties.kcLoginMainBody!}">
        <#if displayRequiredFields>
        <p class="gh-soft"><span aria-hidden="true">*</span> ${msg("requiredFields")}</p>
        </#if>
        <#if auth?has_content && auth.showUsername() && !auth.showResetCredentials()>
        <div class="${properties.kcFormClass} ${properties.kcContentWrapperClass}">
          <#nested "show-username">
          <@username />
        </div>
        </#if>
        <#-- Who came here from an app to do just this needs no warning that it is to be done. -->
        <#if displayMessage && message?has_content && (message.type != "warning" || !isAppInitiatedAction??)>
        <div class="${properties.kcAlertClass!} pf-m-${(message.type == "error")?then("danger", message.type)}" role="${(message.type == "error")?then("alert", "status")}">
          <span class="${properties.kcAlertTitleClass!} kc-feedback-text">${message.summary}</span>
        </div>
        </#if>
        <#-- Keycloak's forms turn their button off by an attribute, which would be a script inside the page; page.js sees to it. -->
        <#local form><#nested "form"></#local>
        <#local form = form?markup_string>
        <#list ["login", "confirmLogout"] as button>
          <#local form = form?replace(' onsubmit="${button}.disabled = true; return true;"', "")>
        </#list>
        ${form?no_esc}
        <#if auth?has_content && auth.showTryAnotherWayLink()>
          <@aside id="try-another-way" name="tryAnotherWay" value="on" label=msg("doTryAnotherWay") />
        </#if>
        <#if switchOrganizationEnabled?? && switchOrganizationEnabled>
          <@aside id="switch-organization" name="switchOrganization" value="true" label=msg("doSwitchOrganization") />
        </#if>
        <div class="${properties.kcLoginMainFooter!}">
          <#nested "socialProviders">
          <#if displayInfo>
          <div id="kc-info" class="gh-soft"><#nested "info"></div>
          </#if>
        </div>
        <#if realm.internationalizationEnabled && locale.supported?size gt 1>
        <details id="kc-languages">
          <summary aria-label="${msg("languages")}: ${locale.current}">${locale.current}</summary>
          <ul>
            <#list locale.supported?sort_by("label") as language>
            <li><a href="${language.url}" hreflang="${language.languageTag}" lang="${language.languageTag}">${language.label}</a></li>
            </#list>
          </ul>
        </details>
        </#if>
      </div>
    </main>
  </div>
</div>
</body>
</html>
</#macro>
