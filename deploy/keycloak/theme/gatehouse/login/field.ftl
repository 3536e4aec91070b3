<#-- Fields of every form, in place of Keycloak's: what is wrong with a field is said of it to those who don't see it. -->
<#macro group name label error="" required=false>
  <div class="${properties.kcFormGroupClass}">
    <label for="${name}" class="${properties.kcFormLabelClass}">
      <span class="${properties.kcFormLabelTextClass}">${label}</span><#if required> <span class="${properties.kcInputRequiredClass}" aria-hidden="true">*</span></#if>
    </label>
    <#nested>
    <div id="input-error-container-${name}" class="gh-wrong" aria-live="polite"><#if error?has_content><span id="input-error-${name}">${error}</span></#if></div>
  </div>
</#macro>

<#macro state name error required autofocus>
  aria-describedby="input-error-container-${name}"<#if error?has_content> aria-invalid="true"</#if><#if required> aria-required="true"</#if><#if autofocus> autofocus</#if>
</#macro>

<#macro input name label value="" required=false autocomplete="off" fieldName=name error=messagesPerField.get(fieldName) autofocus=false>
  <@group name=name label=label error=error required=required>
    <span class="${properties.kcInputClass}<#if error?has_content> ${properties.kcError}</#if>">
      <input id="${name}" name="${name}" value="${value}" type="text" autocomplete="${autocomplete}" autocapitalize="none" spellcheck="false"<#if autocomplete == "one-time-code"> inputmode="numeric"</#if>
        <@state name=name error=error required=required autofocus=autofocus />>
    </span>
  </@group>
</#macro>

<#macro password name label value="" required=false forgotPassword=false fieldName=name error=messagesPerField.get(fieldName) autocomplete="off" autofocus=false>
  <@group name=name label=label error=error required=required>
    <div class="${properties.kcInputGroup}">
      <div class="${properties.kcInputGroupItemClass} ${properties.kcFill}">
        <span class="${properties.kcInputClass}<#if error?has_content> ${properties.kcError}</#if>">
          <input id="${name}" name="${name}" value="${value}" type="password" autocomplete="${autocomplete}"
            <@state name=name error=error required=required autofocus=autofocus />>
        </span>
      </div>
      <div class="${properties.kcInputGroupItemClass}">
        <button type="button" id="${name}-show-password" class="${properties.kcFormPasswordVisibilityButtonClass}" aria-label="${msg("showPassword")}" aria-controls="${name}"
          data-password-toggle data-icon-show="${properties.kcFormPasswordVisibilityIconShow}" data-icon-hide="${properties.kcFormPasswordVisibilityIconHide}"
          data-label-show="${msg("showPassword")}" data-label-hide="${msg("hidePassword")}"><i class="${properties.kcFormPasswordVisibilityIconShow}" aria-hidden="true"></i></button>
      </div>
    </div>
    <#nested>
    <#if forgotPassword>
    <p class="gh-beside"><a href="${url.loginResetCredentialsUrl}">${msg("doForgotPassword")}</a></p>
    </#if>
  </@group>
</#macro>

<#macro checkbox name label value=false required=false>
  <div class="${properties.kcCheckboxClass}">
    <input class="${properties.kcCheckboxInputClass}" type="checkbox" id="${name}" name="${name}"<#if value> checked</#if><#if required> required</#if>>
    <label for="${name}" class="${properties.kcCheckboxLabelClass}">${label}<#if required> <span class="${properties.kcCheckboxLabelRequiredClass}" aria-hidden="true">*</span></#if></label>
  </div>
</#macro>
