<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<#import "password-commons.ftl" as passwordCommons>
<@layout.registrationLayout; section>
  <#if section == "header">
    ${msg("webauthn-registration-title")}
  <#elseif section == "form">
    <form id="register" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post"
      data-challenge="${challenge}" data-user="${userid}" data-username="${username}" data-rp-id="${rpId}" data-rp-name="${rpEntityName}"
      data-algorithms="<#list signatureAlgorithms as algorithm>${algorithm?c}<#sep> </#list>" data-attestation="${attestationConveyancePreference}"
      data-attachment="${authenticatorAttachment}" data-resident-key="${residentKey!""}" data-require-resident-key="${requireResidentKey}"
      data-user-verification="${userVerificationRequirement}" data-timeout="${createTimeout?c}" data-known="${excludeCredentialIds}"
      data-unsupported="${msg("webauthn-unsupported-browser-text")}">
      <#list ["clientDataJSON", "attestationObject", "publicKeyCredentialId", "transports", "authenticatorAttachment", "error"] as name>
      <input type="hidden" name="${name}">
      </#list>
      <@field.input name="authenticatorLabel" label=msg("webauthn-registration-init-label-prompt") value=msg("webauthn-registration-init-label") error="" />
      <@passwordCommons.logoutOtherSessions />
      <@buttons.actionGroup horizontal=true>
        <@buttons.button id="registerWebAuthn" label="doRegisterSecurityKey" />
        <#if !isSetRetry?has_content && isAppInitiatedAction?has_content>
          <@buttons.button id="cancelWebAuthnAIA" name="cancel-aia" label="doCancel" type="secondary" value="true" />
        </#if>
      </@buttons.actionGroup>
    </form>
    <script type="module" src="${url.resourcesPath}/js/securityKey.js"></script>
  </#if>
</@layout.registrationLayout>
