<#-- What securityKey.js sends back when somebody shows a security key or passkey, and what it needs to know to ask. -->
<#macro answer errmsg mediation="">
  <form id="webauth" action="${url.loginAction}" method="post" hidden
    data-challenge="${challenge}" data-rp-id="${rpId}" data-timeout="${createTimeout?c}" data-user-verification="${userVerification}"
    data-identified="${isUserIdentified}" data-mediation="${mediation}" data-attachment="${authenticatorAttachment!""}" data-unsupported="${errmsg}">
    <#list ["clientDataJSON", "authenticatorData", "signature", "credentialId", "userHandle", "error"] as name>
    <input type="hidden" name="${name}">
    </#list>
    <#if authenticators??>
      <#list authenticators.authenticators as authenticator>
      <span data-known="${authenticator.credentialId}"></span>
      </#list>
    </#if>
  </form>
  <script type="module" src="${url.resourcesPath}/js/securityKey.js"></script>
</#macro>

<#macro ask label>
  <button type="button" id="authenticateWebAuthnButton" class="${properties.kcButtonSecondaryClass!} ${properties.kcButtonBlockClass!} gh-aside">${label}</button>
</#macro>
