<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "security-key.ftl" as key>
<@layout.registrationLayout; section>
  <#if section == "header">
    ${msg("passkey-login-title")}
  <#elseif section == "form">
    <#if realm.password && !usernameHidden??>
      <@field.input name="username" label=msg("passkey-autofill-select") value=login.username!"" autofocus=true autocomplete="username webauthn" />
    </#if>
    <@key.answer errmsg=msg("passkey-unsupported-browser-text") mediation="conditional" />
    <@key.ask label=msg("passkey-doAuthenticate") />
  </#if>
</@layout.registrationLayout>
