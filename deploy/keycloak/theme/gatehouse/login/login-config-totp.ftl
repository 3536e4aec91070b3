<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<#import "password-commons.ftl" as passwordCommons>
<#assign manual = (mode!"") == "manual">
<@layout.registrationLayout displayMessage=!messagesPerField.existsError("totp", "userLabel"); section>
  <#if section == "header">
    ${msg("loginTotpTitle")}
  <#elseif section == "form">
    <ol id="kc-totp-settings" class="gh-steps">
      <li>
        ${msg("loginTotpStep1")}
        <ul><#list totp.supportedApplications as app><li>${msg(app)}</li></#list></ul>
      </li>
      <#if manual>
        <li>
          ${msg("loginTotpManualStep2")}
          <code id="kc-totp-secret-key">${totp.totpSecretEncoded}</code>
          <a id="mode-barcode" href="${totp.qrUrl}">${msg("loginTotpScanBarcode")}</a>
        </li>
        <li>
          ${msg("loginTotpManualStep3")}
          <ul>
            <li>${msg("loginTotpType")}: ${msg("loginTotp." + totp.policy.type)}</li>
            <li>${msg("loginTotpAlgorithm")}: ${totp.policy.getAlgorithmKey()}</li>
            <li>${msg("loginTotpDigits")}: ${totp.policy.digits}</li>
            <#if totp.policy.type == "totp">
            <li>${msg("loginTotpInterval")}: ${totp.policy.period}</li>
            <#else>
            <li>${msg("loginTotpCounter")}: ${totp.policy.initialCounter}</li>
            </#if>
          </ul>
        </li>
      <#else>
        <li>
          ${msg("loginTotpStep2")}
          <img id="kc-totp-secret-qr-code" src="data:image/png;base64, ${totp.totpSecretQrCode}" alt="QR code">
          <a id="mode-manual" href="${totp.manualUrl}">${msg("loginTotpUnableToScan")}</a>
        </li>
      </#if>
      <li>${msg("loginTotpStep3")} ${msg("loginTotpStep3DeviceName")}</li>
    </ol>
    <form id="kc-totp-settings-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
      <@field.input name="totp" label=msg("authenticatorCode") required=true autocomplete="one-time-code" />
      <@field.input name="userLabel" label=msg("loginTotpDeviceName") required=(totp.otpCredentials?size gte 1) />
      <input type="hidden" name="totpSecret" value="${totp.totpSecret}">
      <#if mode??><input type="hidden" name="mode" value="${mode}"></#if>
      <@passwordCommons.logoutOtherSessions />
      <@buttons.actionGroup horizontal=true>
        <@buttons.button id="saveTOTPBtn" label="doSubmit" />
        <#if isAppInitiatedAction??><@buttons.button id="cancelTOTPBtn" name="cancel-aia" label="doCancel" type="secondary" /></#if>
      </@buttons.actionGroup>
    </form>
  </#if>
</@layout.registrationLayout>
