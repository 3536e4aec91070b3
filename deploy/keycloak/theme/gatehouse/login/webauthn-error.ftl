<#import "template.ftl" as layout>
<#import "buttons.ftl" as buttons>
<@layout.registrationLayout; section>
  <#if section == "header">
    ${msg("webauthn-error-title")}
  <#elseif section == "form">
    <form id="kc-error-credential-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
      <input type="hidden" name="authenticationExecution" value="${execution}">
      <input type="hidden" name="isSetRetry" value="retry">
      <@buttons.actionGroup horizontal=true>
        <@buttons.button id="kc-try-again" name="try-again" label="doTryAgain" />
        <#if isAppInitiatedAction??><@buttons.button id="cancelWebAuthnAIA" name="cancel-aia" label="doCancel" type="secondary" value="true" /></#if>
      </@buttons.actionGroup>
    </form>
  </#if>
</@layout.registrationLayout>
