<#import "template.ftl" as layout>
<#import "security-key.ftl" as key>
<@layout.registrationLayout; section>
  <#if section == "header">
    ${msg("webauthn-login-title")}
  <#elseif section == "form">
    <#if authenticators?? && shouldDisplayAuthenticators!false>
      <ul class="gh-keys">
        <#list authenticators.authenticators as authenticator>
        <li><strong>${authenticator.label}</strong> <span class="gh-soft">${msg("webauthn-createdAt-label")} ${authenticator.createdAt}</span></li>
        </#list>
      </ul>
    </#if>
    <@key.answer errmsg=msg("webauthn-unsupported-browser-text") />
    <@key.ask label=msg("webauthn-doAuthenticate") />
  </#if>
</@layout.registrationLayout>
