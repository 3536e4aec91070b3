<#import "security-key.ftl" as key>
<#macro conditionalUIData>
  <#if enableWebAuthnConditionalUI?has_content>
    <@key.answer errmsg=msg("webauthn-unsupported-browser-text") mediation=mediation!"conditional" />
    <@key.ask label=msg("webauthn-doAuthenticate") />
  </#if>
</#macro>
