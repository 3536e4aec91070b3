<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
  <#if section == "header">
    <#if code.success>${msg("codeSuccessTitle")}<#else>${msg("codeErrorTitle", code.error)}</#if>
  <#elseif section == "form">
    <#if code.success>
      <p>${msg("copyCodeInstruction")}</p>
      <pre class="gh-code" tabindex="0" aria-label="${msg("codeSuccess")}">${code.code}</pre>
    <#else>
      <p id="error">${code.error}</p>
    </#if>
  </#if>
</@layout.registrationLayout>
