<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<#import "password-commons.ftl" as passwordCommons>
<@layout.registrationLayout; section>
  <#if section == "header">
    ${msg("recovery-code-config-header")}
  <#elseif section == "form">
    <p><strong>${msg("recovery-code-config-warning-title")}</strong> ${msg("recovery-code-config-warning-message")}</p>
    <ol id="kc-recovery-codes-list" class="gh-codes">
      <#list recoveryAuthnCodesConfigBean.generatedRecoveryAuthnCodesList as code>
      <li>${code[0..3]}-${code[4..7]}-${code[8..]}</li>
      </#list>
    </ol>
    <#-- They do nothing without recoveryCodes.js, which shows them. -->
    <div id="kc-recovery-codes-actions" data-before="${msg("recovery-codes-download-file-header")}" data-after="${msg("recovery-codes-download-file-description")}" data-date="${msg("recovery-codes-download-file-date")}" hidden>
      <button type="button" id="printRecoveryCodes" class="${properties.kcButtonLinkClass}">${msg("recovery-codes-print")}</button>
      <button type="button" id="downloadRecoveryCodes" class="${properties.kcButtonLinkClass}">${msg("recovery-codes-download")}</button>
      <button type="button" id="copyRecoveryCodes" class="${properties.kcButtonLinkClass}">${msg("recovery-codes-copy")}</button>
    </div>
    <form id="kc-recovery-codes-settings-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
      <input type="hidden" name="generatedRecoveryAuthnCodes" value="${recoveryAuthnCodesConfigBean.generatedRecoveryAuthnCodesAsString}">
      <input type="hidden" name="generatedAt" value="${recoveryAuthnCodesConfigBean.generatedAt?c}">
      <input type="hidden" name="userLabel" value="${msg("recovery-codes-label-default")}">
      <@field.checkbox name="kcRecoveryCodesConfirmationCheck" label=msg("recovery-codes-confirmation-message") required=true />
      <@passwordCommons.logoutOtherSessions />
      <@buttons.actionGroup horizontal=true>
        <@buttons.button id="saveRecoveryAuthnCodesBtn" label="recovery-codes-action-complete" />
        <#if isAppInitiatedAction??><@buttons.button id="cancelRecoveryAuthnCodesBtn" name="cancel-aia" label="recovery-codes-action-cancel" type="secondary" formnovalidate="formnovalidate" /></#if>
      </@buttons.actionGroup>
    </form>
    <script type="module" src="${url.resourcesPath}/js/recoveryCodes.js"></script>
  </#if>
</@layout.registrationLayout>
